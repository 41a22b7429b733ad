variable "edge" {
  description = "The identity of the edge: a `skerry_edge`."
  type = object({
    name       = string
    arguments  = list(string)
    token_id   = string
    join_token = string
    state      = string
  })
}

variable "origin" {
  description = "The URL of the origin, as the host reaches it."
  type        = string

  validation {
    condition     = can(regex("^https?://[^\\s\\p{Cc}/]+/?$", var.origin))
    error_message = "The origin is a URL such as https://origin.example:7400."
  }
}

variable "host" {
  description = "The host, its SSH port, the user (root, or one that may use sudo without a password), and the public key of the host, as in ssh_host_ed25519_key.pub."
  type = object({
    address = string
    port    = optional(number, 22)
    user    = optional(string, "root")
    key     = optional(string)
  })

  validation {
    condition     = can(regex("^[^\\s\\p{Cc}]+$", var.host.address)) && can(regex("^[a-z_][a-z0-9_.-]{0,31}$", var.host.user))
    error_message = "The address is a host name or an IP address, and the user the name of a user."
  }
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

  validation {
    condition     = length(var.release) > 0 && length(setsubtract(keys(var.release), ["x64", "arm64"])) == 0
    error_message = "The architectures are x64 and arm64. Give at least one of them."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : (archive.file == null) != (archive.url == null)])
    error_message = "An archive has either a file or a URL."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : archive.file == null ? true : fileexists(archive.file)])
    error_message = "There is no such archive. `npm run release` makes archives."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : archive.url == null ? true : can(regex("^https?://[^\\s\\p{Cc}]+$", archive.url))])
    error_message = "The URL of an archive begins with https:// or http:// and has no spaces."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : archive.url == null || archive.sha256 != null])
    error_message = "An archive with a URL needs its SHA-256."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : archive.sha256 == null ? true : can(regex("^[0-9a-f]{64}$", archive.sha256))])
    error_message = "A SHA-256 has 64 hexadecimal digits in lower case."
  }
}

variable "architecture" {
  description = "The architecture of the host: `x64` or `arm64`."
  type        = string
  default     = "x64"

  validation {
    condition     = contains(keys(var.release), var.architecture)
    error_message = "The release has no archive for this architecture."
  }
}

variable "ports" {
  description = "The port for HTTP, and the port on which other edges may follow this one."
  type        = object({ http = optional(number, 80), feed = optional(number) })
  default     = {}

  validation {
    condition     = alltrue([for port in values(var.ports) : port == null ? true : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "tls" {
  description = "Serves HTTPS with the certificates in a folder of the host, which members of the group may read."
  type        = object({ certs = string, group = optional(string, "ssl-cert"), port = optional(number, 443) })
  default     = null

  validation {
    condition     = var.tls == null ? true : can(regex("^/[^\\p{Cc}]*$", var.tls.certs)) && can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.tls.group))
    error_message = "The folder of the certificates is an absolute path, and the group the name of a group."
  }
  validation {
    condition     = var.tls == null ? true : var.tls.port >= 1 && var.tls.port <= 65535 && floor(var.tls.port) == var.tls.port
    error_message = "A port is a whole number from 1 to 65535."
  }
}

variable "flags" {
  description = "More flags of `skerry edge`, by their names without the hyphens in front. A flag without a value is \"true\", several values are separated by commas."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for flag in keys(var.flags) : can(regex("^[a-z]+(-[a-z]+)*$", flag))])
    error_message = "The name of a flag has lower-case letters and hyphens, such as max-connections."
  }
  validation {
    condition     = alltrue([for value in values(var.flags) : can(regex("^[^\\p{Cc}]+$", value))])
    error_message = "The value of a flag is text on one line."
  }
  validation {
    condition     = !contains(values(var.flags), "false")
    error_message = "A flag is on when it is there at all, so leave out flags that are to be off."
  }
  validation {
    condition = length(setintersection(keys(var.flags), [
      "data", "join", "name", "region", "lat", "lon", "label", "origin", "storage", "prefix", "parent", "port",
      "feed-port", "tls-port", "certs"
    ])) == 0
    error_message = "This flag has a variable of its own, belongs to `skerry_edge`, or is set by the unit."
  }
}

variable "most_drained" {
  description = "How many edges of the whole fleet may be drained at a time. The upgrade of this edge waits for its turn."
  type        = number
  default     = 1

  validation {
    condition     = var.most_drained >= 1 && var.most_drained <= 1000 && floor(var.most_drained) == var.most_drained
    error_message = "At least one edge must be drained for an upgrade."
  }
}

variable "seconds" {
  description = "How long an upgrade waits: for its turn while the same edges stay drained, for readers to go elsewhere, and for the edge to serve and catch up."
  type = object({
    turn    = optional(number, 600)
    readers = optional(number, 60)
    health  = optional(number, 300)
  })
  default = {}

  validation {
    condition     = alltrue([for seconds in values(var.seconds) : seconds >= 0 && seconds <= 86400 && floor(seconds) == seconds])
    error_message = "Give whole seconds, at most a day."
  }
}

variable "skerry" {
  description = "The command `skerry` on this machine, and its environment. SKERRY_ORIGIN is `origin` by default, and SKERRY_TOKEN that of Terraform's own environment."
  type        = object({ command = optional(string, "skerry"), environment = optional(map(string), {}) })
  default     = {}
}
