# Edges on servers of Hetzner Cloud. See README.md.

terraform {
  required_version = ">= 1.10"
  required_providers {
    hcloud = { source = "hetznercloud/hcloud", version = ">= 1.45" }
    skerry = { source = "skerry/skerry" }
  }
}

variable "origin" {
  description = "The URL of the origin, as the servers and this machine reach it."
  type        = string
}

variable "releases" {
  description = "The archives of each release in use, by its version, as edge-userdata takes them."
  type        = map(map(object({ url = string, sha256 = string })))
}

variable "image" {
  description = "The image of the servers. Another image replaces them."
  type        = string
  default     = "debian-12"
}

variable "skerry" {
  description = "The command `skerry` on this machine."
  type        = string
  default     = "skerry"
}

variable "edges" {
  description = "The edges by their names. Another version replaces the server of the edge."
  type = map(object({
    location    = string # such as fsn1
    version     = string # one of releases
    server_type = optional(string, "cax11")
    labels      = optional(set(string), [])
    position    = optional(object({ lat = number, lon = number }))
  }))

  validation {
    condition     = alltrue([for edge in var.edges : contains(keys(var.releases), edge.version)])
    error_message = "The version of an edge is one of releases."
  }
}

provider "hcloud" {} # the token comes from HCLOUD_TOKEN

provider "skerry" {
  origin = var.origin # the token comes from SKERRY_TOKEN
}

resource "hcloud_firewall" "edge" {
  name = "skerry-edge"

  rule {
    direction  = "in"
    protocol   = "tcp"
    port       = "80"
    source_ips = ["0.0.0.0/0", "::/0"]
  }
}

locals {
  host = {
    origin      = var.origin
    image       = var.image
    firewall_id = hcloud_firewall.edge.id
    skerry      = var.skerry
  }
}

module "edge" {
  source   = "./edge"
  for_each = var.edges
  name     = each.key
  edge     = each.value
  release  = var.releases[each.value.version]
  host     = local.host
}

output "addresses" {
  description = "The public addresses of the edges."
  value       = { for name, edge in module.edge : name => edge.address }
}
