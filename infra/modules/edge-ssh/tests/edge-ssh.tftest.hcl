# Plans only: an apply would run the provisioners.

variables {
  edge = {
    name       = "paris"
    arguments  = ["--name=paris", "--region=it's \"eu\" $HOME", "--label=big", "--label=ssd", "--parent=https://a@a.example"]
    token_id   = "0123456789ab"
    join_token = "skj_0123456789ab.secret"
    state      = "waiting"
  }
  origin  = "https://origin.example:7400"
  host    = { address = "198.51.100.7" }
  release = { x64 = { file = "main.tf" } }
}

run "defaults" {
  command = plan

  assert {
    condition     = join("", values(local.settings)) == <<-EOT
      SKERRY_ACCESS_LOG="/var/log/skerry-edge/access.log"
      SKERRY_HOST="0.0.0.0"
      SKERRY_LABEL="big,ssd"
      SKERRY_NAME="paris"
      SKERRY_ORIGIN="https://origin.example:7400"
      SKERRY_PARENT="https://a@a.example"
      SKERRY_PORT="80"
      SKERRY_REGION="it's \"eu\" \$HOME"
    EOT
    error_message = "the settings are not those of the edge and the variables"
  }
  assert {
    condition     = local.sha256 == filesha256("main.tf") && local.admin == "http://127.0.0.1:7599"
    error_message = "the archive or the admin port is wrong"
  }
  assert {
    condition     = output.offline == false
    error_message = "an edge that waits for its host is not offline"
  }
}

run "labels_restart_nothing" {
  command = plan

  assert {
    condition = [terraform_data.edge.triggers_replace.settings] == [sha256(<<-EOT
      SKERRY_ACCESS_LOG="/var/log/skerry-edge/access.log"
      SKERRY_HOST="0.0.0.0"
      SKERRY_NAME="paris"
      SKERRY_ORIGIN="https://origin.example:7400"
      SKERRY_PARENT="https://a@a.example"
      SKERRY_PORT="80"
      SKERRY_REGION="it's \"eu\" \$HOME"
    EOT
    )]
    error_message = "an edge reads its labels only when it joins, so another label must not restart it"
  }
}

run "more_settings" {
  command = plan
  variables {
    ports   = { http = 8080, feed = 7500 }
    tls     = { certs = "/etc/certs" }
    flags   = { processes = "4", admin-host = "0.0.0.0", admin-port = "7600", host = "::" }
    release = { arm64 = { url = "https://downloads.example/a.tar.gz", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" } }

    architecture = "arm64"
  }

  assert {
    condition = { for flag in ["port", "feed-port", "tls-port", "certs", "processes", "host"] : flag => local.flags[flag] } == {
      port = "8080", feed-port = "7500", tls-port = "443", certs = "/etc/certs", processes = "4", host = "::"
    }
    error_message = "the flags are not those of the variables"
  }
  assert {
    condition     = local.admin == "http://127.0.0.1:7600"
    error_message = "an admin port on all addresses is asked on loopback"
  }
}

run "offline" {
  command = plan
  variables {
    edge = { name = "paris", arguments = [], token_id = "", join_token = "", state = "offline" }
  }
  expect_failures = [check.online]
}

run "bad_values" {
  command = plan
  variables {
    origin       = "origin.example"
    host         = { address = "two words" }
    ports        = { http = 0 }
    tls          = { certs = "certs" }
    flags        = { name = "rome" }
    most_drained = 0
    seconds      = { turn = -1 }
  }
  expect_failures = [var.origin, var.host, var.ports, var.tls, var.flags, var.most_drained, var.seconds]
}

run "bad_archives" {
  command = plan
  variables {
    release = {
      x64   = { file = "missing.tar.gz" }
      arm64 = { url = "https://downloads.example/a.tar.gz" }
    }
  }
  expect_failures = [var.release]
}

run "another_architecture" {
  command = plan
  variables {
    architecture = "arm64"
  }
  expect_failures = [var.architecture]
}
