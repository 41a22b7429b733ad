# One edge: its identity, and the server on which it runs.

terraform {
  required_providers {
    hcloud = { source = "hetznercloud/hcloud" }
    skerry = { source = "skerry/skerry" }
  }
}

variable "name" {
  type = string
}

variable "edge" {
  type = object({
    location    = string
    server_type = string
    labels      = set(string)
    position    = optional(object({ lat = number, lon = number }))
  })
}

variable "release" {
  type = map(object({ url = string, sha256 = string }))
}

variable "host" {
  description = "What the edges have in common."
  type = object({
    origin      = string
    image       = string
    firewall_id = string
    skerry      = string
  })
}

# What is fixed when the server is made. A join token is good for one host, so a new server needs a new identity.
resource "terraform_data" "installed" {
  input = [var.release, var.host.image]
}

resource "skerry_edge" "edge" {
  name   = var.name
  region = var.edge.location
  lat    = try(var.edge.position.lat, null)
  lon    = try(var.edge.position.lon, null)
  labels = var.edge.labels
  # By then, the server is gone.
  drain_seconds = 0

  lifecycle {
    replace_triggered_by = [terraform_data.installed]
  }
}

module "userdata" {
  source     = "../../../modules/edge-userdata"
  name       = skerry_edge.edge.name
  region     = skerry_edge.edge.region
  labels     = skerry_edge.edge.labels
  position   = var.edge.position
  origin     = var.host.origin
  join_token = skerry_edge.edge.join_token
  release    = var.release
  flags      = { host = "::" } # IPv4, too
}

resource "hcloud_server" "edge" {
  name         = "skerry-edge-${var.name}"
  image        = var.host.image
  location     = var.edge.location
  server_type  = var.edge.server_type
  firewall_ids = [var.host.firewall_id]
  user_data    = module.userdata.user_data

  lifecycle {
    # The user data counts at the first boot only, so new labels leave the server as it is.
    ignore_changes       = [user_data]
    replace_triggered_by = [skerry_edge.edge.token_id]
  }
}

# Exists while the server serves: made when the edge is healthy, and destroyed before the server.
resource "terraform_data" "serving" {
  input            = { name = var.name, origin = var.host.origin, skerry = var.host.skerry }
  triggers_replace = hcloud_server.edge.id

  provisioner "local-exec" {
    # Fails until the edge has joined.
    command = "for try in $(seq 60); do $SKERRY edge undrain \"$NAME\" --wait 600 && exit; sleep 10; done; exit 1"
    environment = {
      NAME          = self.input.name
      SKERRY        = self.input.skerry
      SKERRY_ORIGIN = self.input.origin
    }
  }

  provisioner "local-exec" {
    when       = destroy
    on_failure = continue
    command    = "$SKERRY edge drain \"$NAME\" --wait 30"
    environment = {
      NAME          = self.input.name
      SKERRY        = self.input.skerry
      SKERRY_ORIGIN = self.input.origin
    }
  }
}

output "address" {
  value      = hcloud_server.edge.ipv4_address
  depends_on = [terraform_data.serving]
}
