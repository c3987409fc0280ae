/**
 * Epoch milliseconds with a fraction. Every process of a machine reads the same clock, so instants of two processes can be subtracted.
 */
export const instant = (): number => performance.timeOrigin + performance.now()
