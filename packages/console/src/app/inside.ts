/** Only a path of this console: nobody is led elsewhere by a link to the sign-in page. */
export function insideOf(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/'
}
