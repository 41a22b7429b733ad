# Plans only: an apply would run the provisioners.

mock_provider "skerry" {
  override_during = plan
  mock_resource "skerry_edge" {
    defaults = { arguments = ["--name=a", "--region=r"], token_id = "0123456789ab", state = "waiting" }
  }
}

variables {
  origin  = "https://origin.example:7400"
  release = { x64 = { file = "main.tf" } }
  edges = {
    oslo  = { region = "north", canary = true, host = { address = "198.51.100.7" } }
    paris = { region = "west", host = { address = "198.51.100.8" } }
    rome  = { region = "south", host = { address = "198.51.100.9" }, labels = ["ssd"] }
  }
}

run "canaries_are_apart" {
  command = plan

  assert {
    condition     = keys(module.canary) == ["oslo"] && keys(module.rest) == ["paris", "rome"]
    error_message = "only oslo is a canary"
  }
  assert {
    condition     = keys(skerry_edge.edge) == ["oslo", "paris", "rome"] && skerry_edge.edge["rome"].labels == toset(["ssd"])
    error_message = "each edge has an identity"
  }
}

run "bad_fleets" {
  command = plan
  variables {
    edges = {
      Oslo  = { region = "north", host = { address = "198.51.100.7" }, architecture = "arm64" }
      paris = { region = "west", host = { address = "198.51.100.7" } }
    }
  }
  expect_failures = [var.edges]
}
