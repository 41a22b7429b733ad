output "edges" {
  description = "The names of the edges, once all of them serve."
  value       = sort(keys(var.edges))
  depends_on  = [module.canary, module.rest]
}

output "offline" {
  description = "The names of the edges that have joined and do not report. A plan shows when this changes."
  value       = [for name, edge in skerry_edge.edge : name if edge.state == "offline"]
}
