mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  image                       = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/account-vending:0.1.0"
  cluster_arn                 = "arn:aws:ecs:eu-west-1:111122223333:cluster/vending"
  vpc_id                      = "vpc-0123456789abcdef0"
  subnet_ids                  = ["subnet-0123456789abcdef0"]
  repository                  = "https://git.example.com/example/account-requests"
  commit                      = "0123456789abcdef0123456789abcdef01234567"
  repository_token_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:git"
  temporal_api_key_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:temporal"
  apply_role_arn              = "arn:aws:iam::111122223333:role/account-vending-apply"
  close_role_arn              = "arn:aws:iam::111122223333:role/account-vending-close"
}

run "every_lane_has_a_worker" {
  command = plan

  assert {
    condition     = keys(aws_ecs_service.this) == ["accounts", "closing", "terraform"]
    error_message = "there are other services than the three"
  }
  assert {
    condition = join(" ", sort(flatten([for each in aws_ecs_task_definition.this : [
      for word in jsondecode(each.container_definitions)[1].command : split("=", word)[1] if startswith(word, "--lane=")
    ]]))) == "access closing control-tower creation landing-zone member organizations terraform"
    error_message = "a lane has no worker, or two kinds"
  }
}

run "a_task_may_be_one_role_and_nothing_else" {
  command = plan

  assert {
    condition = { for name, each in aws_iam_role_policy.task : name => jsondecode(each.policy).Statement } == {
      apply = [{ Sid = "Act", Effect = "Allow", Action = "sts:AssumeRole", Resource = "arn:aws:iam::111122223333:role/account-vending-apply" }]
      close = [{ Sid = "Act", Effect = "Allow", Action = "sts:AssumeRole", Resource = "arn:aws:iam::111122223333:role/account-vending-close" }]
    }
    error_message = "a task may do more than be its role"
  }
  assert {
    condition = [for kind, each in aws_ecs_task_definition.this : kind
    if contains([for each in jsondecode(each.container_definitions)[1].environment : each.name], "VEND_APPLY_ROLE")] == ["closing"]
    error_message = "other workers than those of the lane closing act as the role that closes accounts"
  }
  assert {
    condition     = jsondecode(aws_iam_role.execution.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    error_message = "tasks of other accounts may be the role"
  }
}

run "nothing_can_be_written_but_the_volumes_and_nobody_is_root" {
  command = plan

  assert {
    condition = alltrue(flatten([for each in aws_ecs_task_definition.this : [for container in jsondecode(each.container_definitions) :
      container.user == "10001:10001" && container.readonlyRootFilesystem && container.linuxParameters.capabilities.drop == ["ALL"]
    ]]))
    error_message = "a container is not locked"
  }
  assert {
    condition     = alltrue([for each in aws_ecs_service.this : !each.network_configuration[0].assign_public_ip])
    error_message = "a task has a public address"
  }
}

run "secrets_are_named_and_never_written_down" {
  command = plan

  assert {
    condition = alltrue([for each in aws_ecs_task_definition.this : {
      for container in jsondecode(each.container_definitions) : container.name => { for secret in container.secrets : secret.name => secret.valueFrom }
      } == {
      checkout = { GIT_TOKEN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:git" }
      worker   = { TEMPORAL_API_KEY = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:temporal" }
    }])
    error_message = "a container has other secrets than its own"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.secrets[0].policy).Statement[0].Resource == [var.repository_token_secret_arn, var.temporal_api_key_secret_arn]
    error_message = "the execution role reads other secrets"
  }
}

run "a_worker_has_time_to_leave_and_is_asked_how_it_is" {
  command = plan

  assert {
    condition = alltrue([for kind, each in aws_ecs_task_definition.this : alltrue([for worker in [jsondecode(each.container_definitions)[1]] :
      worker.stopTimeout == 120 && contains(worker.command, "--grace=${local.workers[kind].grace}") && local.workers[kind].grace < worker.stopTimeout
      && worker.healthCheck.command == ["CMD", "vend", "worker", "--health-check=8089"] && contains(worker.command, "--health-port=8089")
    ])])
    error_message = "a worker is killed before it has left, or nobody asks how it is"
  }
  assert {
    condition     = alltrue([for each in aws_ecs_task_definition.this : jsondecode(each.container_definitions)[1].dependsOn == [{ containerName = "checkout", condition = "SUCCESS" }]])
    error_message = "a worker begins without its checkout"
  }
}

run "without_the_role_that_closes_nobody_serves_closures_and_without_secrets_none_is_read" {
  command = plan

  variables {
    close_role_arn              = null
    repository_token_secret_arn = null
    temporal_api_key_secret_arn = null
  }

  assert {
    condition     = keys(aws_ecs_service.this) == ["accounts", "terraform"] && keys(aws_iam_role.task) == ["apply"] && length(aws_iam_role_policy.secrets) == 0
    error_message = "there is something that nobody asked for"
  }
}

run "what_cannot_be_is_refused" {
  command = plan

  variables {
    image          = "registry.example.com:5000/account-vending"
    commit         = "main"
    repository     = "https://user:token@git.example.com/example/account-requests"
    subnet_ids     = []
    apply_role_arn = "arn:aws:iam::111122223333:role/*"
    temporal_port  = 0
    workers        = { closing = { lanes = { everything = 1 }, grace = 200 } }
  }

  expect_failures = [var.image, var.commit, var.repository, var.subnet_ids, var.apply_role_arn, var.temporal_port, var.workers]
}

run "the_role_that_closes_is_a_role" {
  command = plan

  variables {
    close_role_arn = "account-vending-close"
  }

  expect_failures = [var.close_role_arn]
}

run "the_role_that_applies_does_not_close" {
  command = plan

  variables {
    close_role_arn = "arn:aws:iam::111122223333:role/account-vending-apply"
  }

  expect_failures = [var.close_role_arn]
}
