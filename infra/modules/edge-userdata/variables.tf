variable "name" {
  description = "The name of the edge, as in `skerry_edge`."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "A name has at most 63 lower-case letters, digits and hyphens, and no hyphen at its ends."
  }
}

variable "region" {
  description = "Where the edge is, in words of your choice."
  type        = string

  validation {
    # The characters that the origin refuses, too: control characters, and those that change the direction of text.
    condition     = can(regex("^[^\\p{Cc}\\x{061c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]+$", var.region))
    error_message = "A region is plain text on one line."
  }
}

variable "labels" {
  description = "Words by which tasks and rollouts name groups of edges."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for label in var.labels : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", label))])
    error_message = "A label has the same form as the name of an edge."
  }
  validation {
    condition     = length(var.labels) <= 20
    error_message = "An edge has at most 20 labels."
  }
}

variable "position" {
  description = "The latitude and the longitude of the edge in degrees."
  type        = object({ lat = number, lon = number })
  default     = null

  validation {
    condition     = var.position == null ? true : abs(var.position.lat) <= 90 && abs(var.position.lon) <= 180
    error_message = "The latitude is -90 to 90 degrees, and the longitude -180 to 180."
  }
}

variable "origin" {
  description = "The URL of the origin, as the host reaches it."
  type        = string

  validation {
    condition     = can(regex("^https?://[^\\s\\p{Cc}/]+/?$", var.origin))
    error_message = "The origin is a URL such as https://origin.example:7400."
  }
}

variable "join_token" {
  description = "The token with which the host joins: `skerry_edge.NAME.join_token`."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.join_token))
    error_message = "This is not a join token. An imported skerry_edge has none: replace the resource to get a new one."
  }
}

variable "release" {
  description = "The archive of a release for each architecture that the host may have, `x64` or `arm64`: its URL, and its SHA-256 as in SHA256SUMS."
  type        = map(object({ url = string, sha256 = string }))

  validation {
    condition     = length(var.release) > 0 && length(setsubtract(keys(var.release), ["x64", "arm64"])) == 0
    error_message = "The architectures are x64 and arm64. Give at least one of them."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : can(regex("^https?://[^\\s\\p{Cc}]+$", archive.url))])
    error_message = "The URL of an archive begins with https:// or http:// and has no spaces."
  }
  validation {
    condition     = alltrue([for archive in values(var.release) : can(regex("^[0-9a-f]{64}$", archive.sha256))])
    error_message = "A SHA-256 has 64 hexadecimal digits in lower case."
  }
}

variable "storage" {
  description = "`full`: the edge holds every object. `lazy`: it fetches objects when readers ask for them."
  type        = string
  default     = "full"

  validation {
    condition     = contains(["full", "lazy"], var.storage)
    error_message = "The storage is full or lazy."
  }
}

variable "sites" {
  description = "The sites that the edge replicates. Without it, the edge replicates all that it may read."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", site))])
    error_message = "The name of a site has the same form as the name of an edge."
  }
}

variable "parents" {
  description = "The URLs of the edges to follow instead of the origin, such as https://NAME@HOST:PORT. The first that answers is followed."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for parent in var.parents : can(regex("^https?://[^\\s\\p{Cc},/]+/?$", parent))])
    error_message = "A parent is a URL such as https://paris@paris.example:7500."
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
  description = "Serves HTTPS with the certificates in a folder of the host, which members of the group may read. The edge starts when the folder has a certificate."
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
      "data", "join", "name", "region", "lat", "lon", "label", "origin", "storage", "sites", "parent", "port",
      "feed-port", "tls-port", "certs"
    ])) == 0
    error_message = "This flag has a variable of its own, or is set by the unit."
  }
}
