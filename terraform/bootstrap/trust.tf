# Who may be which role. The plan role is within reach of everybody who can push a branch: GitHub signs every pull request of
# the repository alike, so it only reads. AWS refuses a trust policy for GitHub without a condition on the subject.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
# https://docs.github.com/en/actions/reference/security/oidc

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  iam       = "arn:${local.partition}:iam::${local.account}"

  # Both forms of a subject: with names, and with the ids that no new owner of the name can have.
  github_names = var.github == null ? [] : compact([
    var.github.repository,
    var.github.owner_id == null ? "" : join("/", [
      "${split("/", var.github.repository)[0]}@${var.github.owner_id}",
      "${split("/", var.github.repository)[1]}@${var.github.repository_id}",
    ]),
  ])
  github_contexts = var.github == null ? {} : {
    plan  = ["pull_request", "ref:refs/heads/${var.github.branch}"]
    apply = ["environment:${var.github.apply_environment}"]
    close = ["environment:${var.github.close_environment}"]
  }
  github_subjects = {
    for role, contexts in local.github_contexts :
    role => [for pair in setproduct(local.github_names, contexts) : "repo:${pair[0]}:${pair[1]}"]
  }

  # GitLab's subject names the branch, not the environment: whoever can run a job on the protected branch can be any role.
  # https://docs.gitlab.com/ci/cloud_services/aws/
  gitlab_subjects = var.gitlab == null ? {} : {
    plan  = ["project_path:${var.gitlab.project}:ref_type:branch:ref:*"]
    apply = ["project_path:${var.gitlab.project}:ref_type:branch:ref:${var.gitlab.branch}"]
    close = ["project_path:${var.gitlab.project}:ref_type:branch:ref:${var.gitlab.branch}"]
  }

  workers = { plan = [], apply = var.workers, close = var.closing_workers }

  roles = toset(["plan", "apply", "close"])
  trust = { for role in local.roles : role => concat(
    [for github in var.github[*] : {
      Sid       = "GitHub"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "${local.iam}:oidc-provider/${github.host}" }
      Condition = { StringEquals = {
        "${github.host}:aud" = "sts.amazonaws.com"
        "${github.host}:sub" = local.github_subjects[role]
      } }
    }],
    # A merge queue has a branch of a new name each time. Who can push a branch can be the plan role anyway, and no other role is
    # within reach of a pattern.
    [for github in var.github[*] : {
      Sid       = "GitHubQueue"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "${local.iam}:oidc-provider/${github.host}" }
      Condition = {
        StringEquals = { "${github.host}:aud" = "sts.amazonaws.com" }
        StringLike = { "${github.host}:sub" = [
          for name in local.github_names : "repo:${name}:ref:refs/heads/gh-readonly-queue/${github.branch}/*"
        ] }
      }
    } if role == "plan"],
    [for gitlab in var.gitlab[*] : {
      Sid       = "GitLab"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "${local.iam}:oidc-provider/${gitlab.host}" }
      Condition = {
        StringEquals = { "${gitlab.host}:aud" = gitlab.audience }
        StringLike   = { "${gitlab.host}:sub" = local.gitlab_subjects[role] }
      }
    }],
    # Named as principals, so that AWS keeps to their ids: a role that is made anew under such a name is another one.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
    length(local.workers[role]) == 0 ? [] : [{
      Sid       = "Workers"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = sort(distinct(local.workers[role])) }
    }],
    # Itself: Terraform gets sessions of the role that reach the state of one account each. A role that assumes itself has to
    # be named; before it exists, only a condition can do that.
    # https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/
    [{
      Sid       = "Itself"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "${local.iam}:root" }
      Condition = { ArnEquals = { "aws:PrincipalArn" = "${local.iam}:role/${var.name}-${role}" } }
    }],
  ) }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = try(var.github.create_oidc_provider, false) ? 1 : 0

  url            = "https://${var.github.host}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_openid_connect_provider" "gitlab" {
  count = try(var.gitlab.create_oidc_provider, false) ? 1 : 0

  url            = "https://${var.gitlab.host}"
  client_id_list = [var.gitlab.audience]
}
