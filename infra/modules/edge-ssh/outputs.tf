output "name" {
  description = "The name of the edge, once it serves."
  value       = var.edge.name
  depends_on  = [terraform_data.edge]
}

output "offline" {
  description = "Whether the edge has joined and does not report. A plan shows when this changes."
  value       = var.edge.state == "offline"
}
