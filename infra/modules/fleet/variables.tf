variable "edges" {
  description = "The edges by their names: identity, host, and whether the edge gets a release before the others."
  type = map(object({
    canary = optional(bool, false)

    region        = string
    lat           = optional(number)
    lon           = optional(number)
    labels        = optional(set(string), [])
    sites         = optional(set(string))
    prefixes      = optional(list(string), [])
    parents       = optional(list(string), [])
    storage       = optional(string, "full")
    drain_seconds = optional(number, 30)

    host = object({
      address = string
      port    = optional(number, 22)
      user    = optional(string, "root")
      key     = optional(string)
    })
    architecture = optional(string, "x64")
    ports        = optional(object({ http = optional(number, 80), feed = optional(number) }), {})
    tls          = optional(object({ certs = string, group = optional(string, "ssl-cert"), port = optional(number, 443) }))
    flags        = optional(map(string), {})
  }))

  validation {
    condition     = alltrue([for name in keys(var.edges) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "A name has at most 63 lower-case letters, digits and hyphens, and no hyphen at its ends."
  }
  validation {
    condition     = length(distinct([for edge in values(var.edges) : edge.host.address])) == length(var.edges)
    error_message = "A host can be one edge only."
  }
  validation {
    condition     = alltrue([for edge in values(var.edges) : contains(keys(var.release), edge.architecture)])
    error_message = "The release has no archive for the architecture of an edge."
  }
}

variable "origin" {
  description = "The URL of the origin, as the hosts reach it."
  type        = string
}

variable "private_key" {
  description = "The private key with which to log in. Without it, the SSH agent is asked."
  type        = string
  default     = null
  sensitive   = true
}

variable "release" {
  description = "The archive of a release for each architecture: a local file, or a URL with its SHA-256 as in SHA256SUMS."
  type        = map(object({ file = optional(string), url = optional(string), sha256 = optional(string) }))
}

variable "most_drained" {
  description = "How many edges may be drained at a time."
  type        = number
  default     = 1
}

variable "seconds" {
  description = "How long an upgrade waits: see edge-ssh."
  type = object({
    turn    = optional(number, 600)
    readers = optional(number, 60)
    health  = optional(number, 300)
  })
  default = {}
}

variable "skerry" {
  description = "The command `skerry` on this machine, and its environment: see edge-ssh."
  type        = object({ command = optional(string, "skerry"), environment = optional(map(string), {}) })
  default     = {}
}
