terraform {
  required_version = ">= 1.10"
  required_providers {
    skerry = { source = "skerry/skerry" }
  }
}

resource "skerry_edge" "edge" {
  for_each      = var.edges
  name          = each.key
  region        = each.value.region
  lat           = each.value.lat
  lon           = each.value.lon
  labels        = each.value.labels
  sites         = each.value.sites
  prefixes      = each.value.prefixes
  parents       = each.value.parents
  storage       = each.value.storage
  drain_seconds = each.value.drain_seconds
}

# The canaries get a release first.
module "canary" {
  source   = "../edge-ssh"
  for_each = { for name, edge in var.edges : name => edge if edge.canary }

  edge         = skerry_edge.edge[each.key]
  origin       = var.origin
  host         = each.value.host
  private_key  = var.private_key
  release      = var.release
  architecture = each.value.architecture
  ports        = each.value.ports
  tls          = each.value.tls
  flags        = each.value.flags
  most_drained = var.most_drained
  seconds      = var.seconds
  skerry       = var.skerry
}

# Nothing here begins before all canaries are healthy. If one of them is not, Terraform stops before this module.
module "rest" {
  source     = "../edge-ssh"
  for_each   = { for name, edge in var.edges : name => edge if !edge.canary }
  depends_on = [module.canary]

  edge         = skerry_edge.edge[each.key]
  origin       = var.origin
  host         = each.value.host
  private_key  = var.private_key
  release      = var.release
  architecture = each.value.architecture
  ports        = each.value.ports
  tls          = each.value.tls
  flags        = each.value.flags
  most_drained = var.most_drained
  seconds      = var.seconds
  skerry       = var.skerry
}
