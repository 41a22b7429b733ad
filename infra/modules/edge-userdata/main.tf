terraform {
  required_version = ">= 1.10"
}

locals {
  # Flags without a value are left out of the file.
  flags = merge({ host = "0.0.0.0", access-log = "/var/log/skerry-edge/access.log" }, var.flags, {
    origin    = var.origin
    name      = var.name
    region    = var.region
    label     = join(",", var.labels)
    lat       = try(tostring(var.position.lat), "")
    lon       = try(tostring(var.position.lon), "")
    storage   = var.storage
    sites     = join(",", var.sites)
    parent    = join(",", var.parents)
    port      = tostring(var.ports.http)
    feed-port = var.ports.feed == null ? "" : tostring(var.ports.feed)
    tls-port  = try(tostring(var.tls.port), "")
    certs     = try(var.tls.certs, "")
  })

  # The form of systemd's EnvironmentFile. In double quotes, these four characters need a backslash.
  environment = join("", [
    for flag, value in local.flags :
    "SKERRY_${upper(replace(flag, "-", "_"))}=\"${replace(value, "/([\\\\\"`$])/", "\\$1")}\"\n"
    if value != ""
  ])

  # The unit is ready when the edge has joined and serves. `+`: root may delete the file.
  drop_in = join("", [
    "[Service]\nExecStartPost=+/bin/rm -f /etc/skerry/join-token\n",
    var.tls == null ? "" : "SupplementaryGroups=${var.tls.group}\n",
  ])

  # Only encoded values: YAML, base64, and arguments that cloud-init quotes for the shell.
  user_data = "#cloud-config\n${yamlencode({
    write_files = [
      for path, file in {
        "/etc/skerry/edge.env"                                    = [local.environment, "0600"]
        "/etc/skerry/join-token"                                  = [var.join_token, "0600"]
        "/etc/systemd/system/skerry-edge.service.d/userdata.conf" = [local.drop_in, "0644"]
      } :
      { path = path, encoding = "b64", content = base64encode(file[0]), permissions = file[1] }
    ]
    runcmd = [concat(
      ["sh", "-euc", file("${path.module}/install-edge.sh"), "install-edge"],
      flatten([for architecture, archive in var.release : [architecture, archive.url, archive.sha256]]),
    )]
  })}"
}

output "user_data" {
  description = "The user data of the host's first boot, for cloud-init. It contains the join token."
  value       = local.user_data
  sensitive   = true

  precondition {
    # The length in bytes, at most two too many.
    condition     = length(base64encode(local.user_data)) / 4 * 3 <= 16384
    error_message = "Clouds take at most 16 KB of user data. Use shorter values or fewer flags."
  }
}
