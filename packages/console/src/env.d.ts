declare module 'virtual:carillon-routes' {
  /** Group → name → `GET /api/v1/tasks/:task`. */
  const routes: Readonly<Record<string, Readonly<Record<string, string>>>>
  export default routes
}
