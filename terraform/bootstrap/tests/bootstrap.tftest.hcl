mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  github = { repository = "example/account-requests" }
}

run "each_role_is_for_its_own_context_on_github" {
  command = plan

  assert {
    condition = { for role, each in aws_iam_role.this : role => jsondecode(each.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan  = ["repo:example/account-requests:pull_request", "repo:example/account-requests:ref:refs/heads/main"]
      apply = ["repo:example/account-requests:environment:production"]
      close = ["repo:example/account-requests:environment:account-closing"]
    }
    error_message = "a role trusts other subjects than its own"
  }
  assert {
    condition = { for role, each in aws_iam_role.this : role => [
      for statement in jsondecode(each.assume_role_policy).Statement : statement.Condition.StringLike["token.actions.githubusercontent.com:sub"]
      if can(statement.Condition.StringLike)
    ] } == { plan = [["repo:example/account-requests:ref:refs/heads/gh-readonly-queue/main/*"]], apply = [], close = [] }
    error_message = "there is another pattern than that of the plan role's merge queue"
  }
  assert {
    condition = alltrue(flatten([for role in aws_iam_role.this : [
      for statement in jsondecode(role.assume_role_policy).Statement : contains(keys(statement), "Condition")
    ]]))
    error_message = "a role trusts somebody without a condition"
  }
  assert {
    condition = alltrue([for role, each in aws_iam_role.this :
      [for statement in jsondecode(each.assume_role_policy).Statement : statement.Condition.ArnEquals["aws:PrincipalArn"] if statement.Sid == "Itself"] == ["arn:aws:iam::111122223333:role/account-vending-${role}"]
    ])
    error_message = "a role does not trust itself, or trusts another one"
  }
  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 1 && length(aws_iam_openid_connect_provider.gitlab) == 0
    error_message = "there is not the one OIDC provider of GitHub"
  }
  assert {
    condition     = length(aws_s3_bucket.state) + length(aws_cloudformation_stack_set.member_read) == 0
    error_message = "there is something that nobody asked for"
  }
}

run "nobody_may_do_more_than_the_role_is_for" {
  command = plan

  variables {
    control_tower = true
  }

  assert {
    condition     = [for role, each in aws_iam_role_policy.this : role if strcontains(each.policy, "organizations:CloseAccount")] == ["close"]
    error_message = "another role than close may close accounts"
  }
  assert {
    condition = alltrue([for action in flatten([for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement : statement.Action]) :
      can(regex("^[a-z0-9-]+:(Describe|Get|List|Search|Lookup)|^sts:AssumeRole$", action))
    ])
    error_message = "the plan role may do something else than read"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.this["plan"].policy, "OrganizationAccountAccessRole")
    error_message = "a plan may be administrator in accounts"
  }
  assert {
    condition     = alltrue([for each in aws_iam_role_policy.this : length(replace(each.policy, "/\\s/", "")) < 10240])
    error_message = "a policy is longer than AWS allows"
  }
  assert {
    condition     = alltrue([for each in aws_iam_role_policy.this : strcontains(each.policy, "\"aws:ResourceOrgID\":\"$${aws:PrincipalOrgID}\"")])
    error_message = "a role may be assumed in accounts of other organizations"
  }
}

run "subjects_with_ids_are_trusted_beside_those_with_names" {
  command = plan

  variables {
    github = { repository = "example/account-requests", owner_id = "1234", repository_id = "5678", create_oidc_provider = false }
  }

  assert {
    condition = jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == [
      "repo:example/account-requests:environment:production",
      "repo:example@1234/account-requests@5678:environment:production",
    ]
    error_message = "one of both forms of the subject is missing"
  }
  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "a provider that is there is made again"
  }
}

run "gitlab_applies_from_the_protected_branch_only" {
  command = plan

  variables {
    github = null
    gitlab = { project = "example/account-requests", host = "gitlab.example.com" }
  }

  assert {
    condition = { for role, each in aws_iam_role.this : role => one(jsondecode(each.assume_role_policy).Statement[0].Condition.StringLike["gitlab.example.com:sub"]) } == {
      plan  = "project_path:example/account-requests:ref_type:branch:ref:*"
      apply = "project_path:example/account-requests:ref_type:branch:ref:main"
      close = "project_path:example/account-requests:ref_type:branch:ref:main"
    }
    error_message = "a role trusts other branches than its own"
  }
  assert {
    condition     = aws_iam_openid_connect_provider.gitlab[0].url == "https://gitlab.example.com"
    error_message = "the provider is not that of the server"
  }
}

run "the_state_bucket_is_versioned_encrypted_and_reached_with_tls_only" {
  command = plan

  variables {
    state_bucket = "example-vending-state"
  }

  assert {
    condition     = aws_s3_bucket_versioning.state[0].versioning_configuration[0].status == "Enabled"
    error_message = "the bucket keeps no versions"
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.state[0].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "the bucket is not encrypted"
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.state[0].policy).Statement[0] == { Sid = "TlsOnly", Effect = "Deny", Principal = "*", Action = "s3:*", Resource = ["arn:aws:s3:::example-vending-state", "arn:aws:s3:::example-vending-state/*"], Condition = { Bool = { "aws:SecureTransport" = "false" } } }
    error_message = "the bucket answers without TLS"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.state[0].restrict_public_buckets && aws_s3_bucket_public_access_block.state[0].block_public_policy
    error_message = "the bucket can be made public"
  }
  assert {
    condition     = [for role, each in aws_iam_role_policy.this : role if strcontains(each.policy, "s3:PutObject")] == ["apply", "close"]
    error_message = "other roles than apply and close write states"
  }
  assert {
    condition = alltrue([for each in aws_iam_role_policy.this : alltrue([
      for statement in jsondecode(each.policy).Statement : statement.Resource == "arn:aws:s3:::example-vending-state/accounts/*" if statement.Sid == "States"
    ])])
    error_message = "objects beside the states of accounts are within reach"
  }
}

run "accounts_get_a_role_that_only_the_plan_role_may_assume" {
  command = plan

  variables {
    member_read_role_units = ["ou-abcd-12345678"]
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack_set.member_read[0].template_body).Resources.Role.Properties.AssumeRolePolicyDocument.Statement[0].Condition.ArnEquals["aws:PrincipalArn"] == "arn:aws:iam::111122223333:role/account-vending-plan"
    error_message = "somebody else than the plan role may enter accounts"
  }
  assert {
    condition     = jsondecode(aws_cloudformation_stack_set.member_read[0].template_body).Resources.Role.Properties.RoleName == "AccountVendingRead"
    error_message = "the role has not the name that plans look for"
  }
}

run "workers_may_be_the_one_role_that_they_are_named_for" {
  command = plan

  variables {
    workers         = ["arn:aws:iam::444455556666:role/workers/apply", "arn:aws:iam::111122223333:role/worker"]
    closing_workers = ["arn:aws:iam::444455556666:role/workers/close"]
  }

  assert {
    condition = { for role, each in aws_iam_role.this : role => [for statement in jsondecode(each.assume_role_policy).Statement : statement if statement.Sid == "Workers"] } == {
      plan  = []
      apply = [{ Sid = "Workers", Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = ["arn:aws:iam::111122223333:role/worker", "arn:aws:iam::444455556666:role/workers/apply"] } }]
      close = [{ Sid = "Workers", Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = ["arn:aws:iam::444455556666:role/workers/close"] } }]
    }
    error_message = "a role trusts workers that were not named for it, or not those that were"
  }
}

run "a_worker_of_both_roles_is_refused" {
  command = plan

  variables {
    workers         = ["arn:aws:iam::444455556666:role/worker"]
    closing_workers = ["arn:aws:iam::444455556666:role/worker"]
  }

  expect_failures = [var.closing_workers]
}

run "a_whole_account_is_no_worker" {
  command = plan

  variables {
    workers = ["arn:aws:iam::444455556666:root"]
  }

  expect_failures = [var.workers]
}

run "any_role_at_all_is_no_closing_worker" {
  command = plan

  variables {
    closing_workers = ["arn:aws:iam::444455556666:role/*"]
  }

  expect_failures = [var.closing_workers]
}

run "a_repository_without_owner_is_refused" {
  command = plan

  variables {
    github = { repository = "account-requests" }
  }

  expect_failures = [var.github]
}

run "a_branch_or_environment_is_no_pattern" {
  command = plan

  variables {
    github = { repository = "example/account-requests", apply_environment = "*" }
    gitlab = { project = "platform/account-requests", branch = "release-*" }
  }

  expect_failures = [var.github, var.gitlab]
}
