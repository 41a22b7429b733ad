# One edge: its identity, and the instance on which it runs.

terraform {
  required_providers {
    aws    = { source = "hashicorp/aws" }
    skerry = { source = "skerry/skerry" }
  }
}

variable "name" {
  type = string
}

variable "edge" {
  type = object({
    instance_type = string
    labels        = set(string)
    position      = optional(object({ lat = number, lon = number }))
  })
}

variable "release" {
  type = map(object({ url = string, sha256 = string }))
}

variable "host" {
  description = "What the edges have in common."
  type = object({
    origin            = string
    region            = string
    image             = string
    subnet_id         = string
    security_group_id = string
    skerry            = string
  })
}

# What is fixed when the instance is made. A join token is good for one host, so a new instance needs a new identity.
resource "terraform_data" "installed" {
  input = [var.release, var.host.image, var.host.subnet_id]
}

resource "skerry_edge" "edge" {
  name   = var.name
  region = var.host.region
  lat    = try(var.edge.position.lat, null)
  lon    = try(var.edge.position.lon, null)
  labels = var.edge.labels
  # By then, the instance is gone.
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
}

resource "aws_instance" "edge" {
  ami                         = var.host.image
  instance_type               = var.edge.instance_type
  subnet_id                   = var.host.subnet_id
  vpc_security_group_ids      = [var.host.security_group_id]
  associate_public_ip_address = true
  user_data                   = module.userdata.user_data
  tags                        = { Name = "skerry-edge-${var.name}" }

  metadata_options {
    http_tokens = "required"
  }

  lifecycle {
    # The user data counts at the first boot only, so new labels leave the instance as it is.
    ignore_changes       = [user_data]
    replace_triggered_by = [skerry_edge.edge.token_id]
  }
}

# Exists while the instance serves: made when the edge is healthy, and destroyed before the instance.
resource "terraform_data" "serving" {
  input            = { name = var.name, origin = var.host.origin, skerry = var.host.skerry }
  triggers_replace = aws_instance.edge.id

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
  value      = aws_instance.edge.public_ip
  depends_on = [terraform_data.serving]
}
