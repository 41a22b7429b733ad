# Plans only: an apply would run the provisioners, even with a provider that makes nothing.
mock_provider "skerry" {}

run "three_edges" {
  command = plan

  assert {
    condition     = keys(skerry_edge.edge) == ["oslo", "paris", "rome"]
    error_message = "the edges are not those of the variable"
  }
  assert {
    condition     = skerry_publish.lab.site == "lab" && endswith(skerry_publish.lab.folder, "/www")
    error_message = "the site does not get its content"
  }
  assert {
    condition     = output.urls.paris == "http://lab.localhost:7612/"
    error_message = "the output does not name the port of an edge"
  }
}

run "one_edge" {
  command = plan
  variables {
    edges = { bergen = { region = "north", port = 8001, admin_port = 8002 } }
  }

  assert {
    condition     = keys(terraform_data.edge) == ["bergen"] && skerry_edge.edge["bergen"].region == "north"
    error_message = "the edges are not those of the variable"
  }
}
