variables {
  name       = "paris"
  region     = "eu-west"
  origin     = "https://origin.example:7400"
  join_token = "sk_0123456789ab.secret"
  release = {
    x64 = {
      url    = "https://downloads.example/skerry.tar.gz"
      sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
    }
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n")
    error_message = "cloud-init knows its format by the first line"
  }
  assert {
    condition     = base64decode(yamldecode(output.user_data).write_files[0].content) == <<-EOT
      SKERRY_ACCESS_LOG="/var/log/skerry-edge/access.log"
      SKERRY_HOST="0.0.0.0"
      SKERRY_NAME="paris"
      SKERRY_ORIGIN="https://origin.example:7400"
      SKERRY_PORT="80"
      SKERRY_REGION="eu-west"
      SKERRY_STORAGE="full"
    EOT
    error_message = "the settings are not those of the variables"
  }
  assert {
    condition = {
      for file in yamldecode(output.user_data).write_files : file.path => file.permissions
      } == {
      "/etc/skerry/edge.env"                                    = "0600"
      "/etc/skerry/join-token"                                  = "0600"
      "/etc/systemd/system/skerry-edge.service.d/userdata.conf" = "0644"
    }
    error_message = "only root may read the token"
  }
  assert {
    condition     = base64decode(yamldecode(output.user_data).write_files[1].content) == "sk_0123456789ab.secret"
    error_message = "the token is not in its file"
  }
  assert {
    condition     = slice(yamldecode(output.user_data).runcmd[0], 4, 7) == ["x64", var.release.x64.url, var.release.x64.sha256]
    error_message = "the script does not get the archive"
  }
}

run "everything" {
  command = plan
  variables {
    labels   = ["ssd", "canary"]
    position = { lat = -48.5, lon = 2 }
    storage  = "lazy"
    sites    = ["docs", "www"]
    parents  = ["https://oslo@oslo.example:7500", "https://origin.example:7400"]
    ports    = { http = 8080, feed = 7500 }
    tls      = { certs = "/etc/ssl/skerry" }
    flags    = { host = "::", processes = "4", insecure = "true" }
  }

  assert {
    condition     = base64decode(yamldecode(output.user_data).write_files[0].content) == <<-EOT
      SKERRY_ACCESS_LOG="/var/log/skerry-edge/access.log"
      SKERRY_CERTS="/etc/ssl/skerry"
      SKERRY_FEED_PORT="7500"
      SKERRY_HOST="::"
      SKERRY_INSECURE="true"
      SKERRY_LABEL="canary,ssd"
      SKERRY_LAT="-48.5"
      SKERRY_LON="2"
      SKERRY_NAME="paris"
      SKERRY_ORIGIN="https://origin.example:7400"
      SKERRY_PARENT="https://oslo@oslo.example:7500,https://origin.example:7400"
      SKERRY_PORT="8080"
      SKERRY_PROCESSES="4"
      SKERRY_REGION="eu-west"
      SKERRY_SITES="docs,www"
      SKERRY_STORAGE="lazy"
      SKERRY_TLS_PORT="443"
    EOT
    error_message = "the settings are not those of the variables"
  }
  assert {
    condition = strcontains(
      base64decode(yamldecode(output.user_data).write_files[2].content),
      "SupplementaryGroups=ssl-cert\n",
    )
    error_message = "the edge cannot read its certificates"
  }
}

run "quotes" {
  command = plan
  variables {
    region = "\"a\" $HOME `id` \\ 'b'"
  }

  assert {
    condition = strcontains(
      base64decode(yamldecode(output.user_data).write_files[0].content),
      "SKERRY_REGION=\"\\\"a\\\" \\$HOME \\`id\\` \\\\ 'b'\"\n",
    )
    error_message = "quotes end the value"
  }
}

run "too_large" {
  command = plan
  variables {
    region = format("%012000d", 0)
  }
  expect_failures = [output.user_data]
}

run "refused" {
  command = plan
  variables {
    name       = "paris\nSKERRY_DATA=/"
    region     = "a\nb"
    labels     = ["a,b"]
    position   = { lat = 91, lon = 0 }
    origin     = "https://origin.example/ --data=/"
    join_token = "a\nb"
    release    = { x86 = { url = "file:///etc/passwd", sha256 = "0" } }
    storage    = "half"
    sites      = ["a b"]
    parents    = ["https://a.example,https://b.example"]
    ports      = { http = 80.5 }
    tls        = { certs = "certs", group = "a\nUser=root" }
    flags      = { data = "/", "a=b" = "c", lines = "a\nb", insecure = "false" }
  }
  expect_failures = [
    var.name, var.region, var.labels, var.position, var.origin, var.join_token, var.release, var.storage, var.sites,
    var.parents, var.ports, var.tls, var.flags,
  ]
}

run "refused_for_other_reasons" {
  command = plan
  variables {
    labels  = [for i in range(21) : "label-${i}"]
    release = { x64 = { url = "file:///etc/passwd", sha256 = var.release.x64.sha256 } }
    tls     = { certs = "/etc/ssl/skerry", port = 0 }
    flags   = { tls-port = "443" }
  }
  expect_failures = [var.labels, var.release, var.tls, var.flags]
}
