variables {
  name       = "paris"
  region     = "eu-west"
  origin     = "https://origin.example:7400"
  join_token = "sk_0123456789ab.secret"
  release    = { x64 = { url = "https://downloads.example/x64.tar.gz", sha256 = "${join("", [for i in range(64) : "0"])}" } }
}

run "plain" {
  command = plan
  assert {
    condition = startswith(output.user_data, "#cloud-config\n")
    error_message = "no header"
  }
}
