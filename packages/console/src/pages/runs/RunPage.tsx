import { getRouteApi } from '@tanstack/react-router'
import { PageHeader } from '../../components/PageHeader.tsx'

const route = getRouteApi('/t/$tenant/runs/$run')

export function RunPage() {
  const { run } = route.useParams()
  return <PageHeader title={`#${run}`} />
}
