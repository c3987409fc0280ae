declare module 'virtual:carillon-routes' {
  /** Group → name → `GET /api/v1/tasks/:task`. */
  const routes: Readonly<Record<string, Readonly<Record<string, string>>>>
  export default routes
}

declare module 'virtual:carillon-schemas' {
  const schemas: Readonly<Record<'policies' | 'dagPolicies' | 'environment', Readonly<Record<string, unknown>>>>
  export default schemas
}
