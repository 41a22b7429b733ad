# Edges on EC2 instances of one region. See README.md.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 5.20" }
    skerry = { source = "skerry/skerry" }
  }
}

variable "origin" {
  description = "The URL of the origin, as the instances and this machine reach it."
  type        = string
}

variable "releases" {
  description = "The archives of each release in use, by its version, as edge-userdata takes them."
  type        = map(map(object({ url = string, sha256 = string })))
}

variable "region" {
  description = "The region of AWS."
  type        = string
}

variable "subnet_id" {
  description = "A public subnet."
  type        = string
}

variable "image" {
  description = "The id of an image with cloud-init, such as Debian 12. Another image replaces the instances."
  type        = string
}

variable "skerry" {
  description = "The command `skerry` on this machine."
  type        = string
  default     = "skerry"
}

variable "edges" {
  description = "The edges by their names. Another version replaces the instance of the edge."
  type = map(object({
    instance_type = optional(string, "t4g.small")
    version       = string # one of releases
    labels        = optional(set(string), [])
    position      = optional(object({ lat = number, lon = number }))
  }))

  validation {
    condition     = alltrue([for edge in var.edges : contains(keys(var.releases), edge.version)])
    error_message = "The version of an edge is one of releases."
  }
}

provider "aws" {
  region = var.region
}

provider "skerry" {
  origin = var.origin # the token comes from SKERRY_TOKEN
}

data "aws_subnet" "public" {
  id = var.subnet_id
}

resource "aws_security_group" "edge" {
  name_prefix = "skerry-edge-"
  vpc_id      = data.aws_subnet.public.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  security_group_id = aws_security_group.edge.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.edge.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

locals {
  host = {
    origin            = var.origin
    region            = var.region
    image             = var.image
    subnet_id         = var.subnet_id
    security_group_id = aws_security_group.edge.id
    skerry            = var.skerry
  }
}

module "edge" {
  source   = "./edge"
  for_each = var.edges
  name     = each.key
  edge     = each.value
  release  = var.releases[each.value.version]
  host     = local.host
  # The instance downloads its release.
  depends_on = [aws_vpc_security_group_egress_rule.all]
}

output "addresses" {
  description = "The public addresses of the edges."
  value       = { for name, edge in module.edge : name => edge.address }
}
