# What depends on a dynamic entry is finished by the entrypoint; everything else is text already.
project = "shop"

config {
  env = {
    OUTER = "x"
  }
}

app "web" {
  config {
    internal = {
      pass  = dynamic("vault", { path = "secret/db", key = "pass" })
      extra = "FOO"
    }
    env = {
      STATIC  = "$${not} %%{ a } template"
      NUMBER  = 5
      DIRECT  = configdynamic("env", { name = "X" })
      URL     = "postgres://u:${config.internal.pass}@${workspace.name}/db"
      ALONE   = config.internal.pass
      QUOTED  = "${config.internal.pass}"
      CHAIN   = "again: ${config.env.URL}"
      CALL    = lower(config.internal.pass)
      FOLDED  = upper(config.internal.extra)
      MIXED   = "${replace(config.internal.pass, "a", config.internal.extra)}!"
      CHOICE  = config.internal.pass == "x" ? "a" : upper("b")
      LOOP    = "%{ for v in ["a", "b"] }${v}-${config.internal.pass}%{ endfor }"
      STRING  = templatestring("<$${p}>", { p = config.internal.pass })
    }
    workspace "production" {
      env = { ONLY = "production" }
    }
    label "region == eu" {
      env = { ONLY = "eu" }
    }
    runner {
      env = { TOKEN = "t" }
      workspace "production" {
        env = { TOKEN = "p" }
      }
    }
  }
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
