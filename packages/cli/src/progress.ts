import type { Terminal } from './terminal.ts'

export interface Progress {
  /** What is being done now. */
  step(text: string): void
  /** Ends it; with a text, that stays. */
  end(text?: string): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80

/** A spinner where a person looks; elsewhere a plain line for each step. */
export function startProgress(terminal: Terminal): Progress {
  return terminal.interactive ? spinner(terminal) : plain(terminal)
}

function plain(terminal: Terminal): Progress {
  return {
    step: (text) => terminal.say(text),
    end: (text) => {
      if (text !== undefined) terminal.say(text)
    },
  }
}

function spinner(terminal: Terminal): Progress {
  let current = ''
  let frame = 0
  const draw = () => terminal.draw(`\r\x1b[2K${terminal.tint('cyan', FRAMES[frame++ % FRAMES.length]!)} ${current}`)
  const timer = setInterval(draw, FRAME_MS).unref()
  return {
    step(text) {
      current = text
      draw()
    },
    end(text) {
      clearInterval(timer)
      terminal.draw('\r\x1b[2K')
      if (text !== undefined) terminal.say(text)
    },
  }
}
