terraform {
  required_version = ">= 1.10"
}

locals {
  archive = var.release[var.architecture]
  sha256  = coalesce(local.archive.sha256, try(filesha256(local.archive.file), null))

  # `--name=paris` becomes name = "paris".
  identity = {
    for flag, values in {
      for argument in var.edge.arguments :
      regex("^--([a-z-]+)=", argument)[0] => replace(argument, "/^--[a-z-]+=/", "")...
    } : flag => join(",", values)
  }

  # A flag that is empty is left out.
  flags = merge({ host = "0.0.0.0", access-log = "/var/log/skerry-edge/access.log" }, var.flags, local.identity, {
    origin    = var.origin
    port      = tostring(var.ports.http)
    feed-port = var.ports.feed == null ? "" : tostring(var.ports.feed)
    tls-port  = try(tostring(var.tls.port), "")
    certs     = try(var.tls.certs, "")
  })

  # systemd reads these lines. Within double quotes, a backslash takes their meaning from these four characters.
  settings = {
    for flag, value in local.flags :
    flag => "SKERRY_${upper(replace(flag, "-", "_"))}=\"${replace(value, "/([\\\\\"`$])/", "\\$1")}\"\n"
    if value != ""
  }

  admin_host = lookup(var.flags, "admin-host", "127.0.0.1")
  admin      = "http://${contains(["0.0.0.0", "::"], local.admin_host) ? "127.0.0.1" : local.admin_host}:${lookup(var.flags, "admin-port", "7599")}"

  # A folder in the home of the user.
  uploads = ".skerry-edge"
}

# What runs on the host. The identity is apart, so that an upgrade changes nothing in the fleet.
resource "terraform_data" "edge" {
  triggers_replace = {
    address = "${var.host.address}:${var.host.port}"
    token   = var.edge.token_id
    release = local.sha256
    # An edge reads its labels only when it joins.
    settings = sha256(join("", [for flag, line in local.settings : line if flag != "label"]))
    group    = try(var.tls.group, null)
  }

  lifecycle {
    # If the canaries of a fleet fail, the state still has what the other hosts run.
    create_before_destroy = true
  }

  connection {
    type        = "ssh"
    host        = var.host.address
    port        = var.host.port
    user        = var.host.user
    host_key    = var.host.key
    private_key = var.private_key
    timeout     = "5m"
  }

  # An edge that has not joined has no readers. If its host is down, it has none either, and the drain does not wait.
  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-euc"]
    command     = "[ \"$STATE\" = waiting ] || $SKERRY edge drain \"$NAME\" --at-most \"$MOST\" --patience \"$TURN\" --wait \"$READERS\""
    environment = merge({ SKERRY_ORIGIN = var.origin }, var.skerry.environment, {
      SKERRY  = var.skerry.command
      NAME    = var.edge.name
      STATE   = var.edge.state
      MOST    = var.most_drained
      TURN    = var.seconds.turn
      READERS = var.seconds.readers
    })
  }

  # Only this user can read what comes next.
  provisioner "remote-exec" {
    inline = ["umask 077; rm -rf ${local.uploads}; mkdir ${local.uploads}"]
  }

  provisioner "file" {
    content     = join("", values(local.settings))
    destination = "${local.uploads}/edge.env"
  }

  provisioner "file" {
    content     = coalesce(var.edge.join_token, "none")
    destination = "${local.uploads}/join-token"
  }

  provisioner "file" {
    content     = "[Service]\n${var.tls == null ? "" : "SupplementaryGroups=${var.tls.group}\n"}"
    destination = "${local.uploads}/terraform.conf"
  }

  provisioner "file" {
    source      = "${path.module}/install-edge.sh"
    destination = "${local.uploads}/install-edge.sh"
  }

  # With a URL, the host downloads the archive over this empty one.
  provisioner "file" {
    source      = coalesce(local.archive.file, "${path.module}/empty")
    destination = "${local.uploads}/archive.tar.gz"
  }

  provisioner "remote-exec" {
    inline = [join(" ", [
      "$([ \"$(id -u)\" = 0 ] || echo sudo -n) sh -eu ${local.uploads}/install-edge.sh ${local.uploads}",
      "'${var.edge.token_id}' ${local.sha256} ${local.admin} ${var.seconds.health}",
      local.archive.url == null ? "" : "'${replace(local.archive.url, "'", "'\\''")}'",
    ])]
  }

  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-euc"]
    command     = "$SKERRY edge undrain \"$NAME\" --wait \"$HEALTH\""
    environment = merge({ SKERRY_ORIGIN = var.origin }, var.skerry.environment, {
      SKERRY = var.skerry.command
      NAME   = var.edge.name
      HEALTH = var.seconds.health
    })
  }
}

check "online" {
  assert {
    condition     = var.edge.state != "offline"
    error_message = "The edge ${var.edge.name} is offline. To install it again, replace its terraform_data.edge (terraform apply -replace)."
  }
}
