# Three edges on hosts that SSH reaches. The first gets every release before the others.

terraform {
  required_version = ">= 1.10"
  required_providers {
    skerry = { source = "skerry/skerry" }
  }
}

variable "origin" {
  description = "The URL of the origin, as the hosts and this machine reach it."
  type        = string
}

variable "hosts" {
  description = "The address of each edge's host."
  type        = map(string)
  default     = { oslo = "oslo.example", paris = "paris.example", rome = "rome.example" }
}

variable "canaries" {
  description = "The names of the edges that get a release first."
  type        = set(string)
  default     = ["oslo"]
}

variable "user" {
  description = "The user for SSH: root, or one that may use sudo without a password."
  type        = string
  default     = "root"
}

variable "private_key_file" {
  description = "The file of the private key for SSH. Without it, the SSH agent is asked."
  type        = string
  default     = null
}

variable "archive" {
  description = "The archive of the release, as `npm run release` makes it."
  type        = string
}

variable "seconds" {
  description = "How long upgrades wait."
  type        = object({ turn = optional(number), readers = optional(number), health = optional(number) })
  default     = {}
}

variable "skerry" {
  description = "The command `skerry` on this machine."
  type        = string
  default     = "skerry"
}

provider "skerry" {
  origin = var.origin # the token comes from SKERRY_TOKEN
}

module "fleet" {
  source = "../../modules/fleet"

  edges = {
    for name, address in var.hosts : name => {
      region = name
      canary = contains(var.canaries, name)
      host   = { address = address, user = var.user }
      # A load balancer asks http://HOST:7599/readyz whether the edge should get readers.
      flags = { admin-host = "0.0.0.0" }
    }
  }
  origin      = var.origin
  private_key = var.private_key_file == null ? null : file(var.private_key_file)
  release     = { x64 = { file = var.archive } }
  seconds     = var.seconds
  skerry      = { command = var.skerry }
}

output "edges" {
  value = module.fleet.edges
}

output "offline" {
  description = "Edges that have joined and do not report. A plan shows when this changes."
  value       = module.fleet.offline
}
