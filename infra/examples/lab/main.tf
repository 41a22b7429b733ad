# A whole Skerry on this machine: an origin, a site with its content, and three edges that serve it.
#
#   npm ci && npm run build && node bin/launch.js terraform install    # in the root of the repository
#   terraform init && terraform apply
#   curl http://lab.localhost:7611/

terraform {
  required_version = ">= 1.10"
  required_providers {
    skerry = { source = "skerry/skerry" }
  }
}

variable "skerry" {
  description = "The command `skerry`."
  type        = string
  default     = null
}

variable "port" {
  description = "The port of the origin."
  type        = number
  default     = 7610
}

variable "edges" {
  description = "The edges, with their ports: for readers, and for administration."
  type        = map(object({ region = string, port = number, admin_port = number }))
  default = {
    oslo  = { region = "north", port = 7611, admin_port = 7621 }
    paris = { region = "west", port = 7612, admin_port = 7622 }
    rome  = { region = "south", port = 7613, admin_port = 7623 }
  }
}

locals {
  skerry = coalesce(var.skerry, "node ${abspath(path.module)}/../../../bin/launch.js")
  data   = "${abspath(path.module)}/data"
  origin = "http://127.0.0.1:${var.port}"
}

# A process that outlives the apply. The destroy stops it and deletes its data.
resource "terraform_data" "origin" {
  input = { data = "${local.data}/origin" }

  provisioner "local-exec" {
    command = "${path.module}/start-process"
    environment = {
      DATA    = self.input.data
      COMMAND = "${local.skerry} origin --data ${self.input.data} --port ${var.port}"
      HEALTHY = "${local.origin}/healthz"
    }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "${path.module}/stop-process"
    environment = { DATA = self.input.data }
  }
}

provider "skerry" {
  origin     = local.origin
  token_file = "${local.data}/origin/admin-token"
}

resource "skerry_site" "lab" {
  name          = "lab"
  force_destroy = true
  depends_on    = [terraform_data.origin]
}

resource "skerry_publish" "lab" {
  site   = skerry_site.lab.name
  folder = "${abspath(path.module)}/www"
}

resource "skerry_edge" "edge" {
  for_each      = var.edges
  name          = each.key
  region        = each.value.region
  drain_seconds = 0
  depends_on    = [terraform_data.origin]
}

resource "terraform_data" "edge" {
  for_each = var.edges
  input    = { data = "${local.data}/${each.key}" }
  # Another token means another identity, which begins with an empty data folder.
  triggers_replace = skerry_edge.edge[each.key].token_id
  depends_on       = [skerry_publish.lab]

  provisioner "local-exec" {
    command = "${path.module}/start-process"
    environment = {
      DATA = self.input.data
      COMMAND = join(" ", concat(
        [local.skerry, "edge", "--data", self.input.data, "--origin", local.origin],
        ["--port", each.value.port, "--admin-port", each.value.admin_port],
        skerry_edge.edge[each.key].arguments,
      ))
      SKERRY_JOIN = skerry_edge.edge[each.key].join_token
      HEALTHY     = "http://127.0.0.1:${each.value.admin_port}/readyz"
    }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "${path.module}/stop-process"
    environment = { DATA = self.input.data }
  }
}

output "urls" {
  description = "The site at each edge."
  value       = { for name, edge in var.edges : name => "http://lab.localhost:${edge.port}/" }
  depends_on  = [terraform_data.edge]
}
