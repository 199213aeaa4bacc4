"""One module a verb, each with `run(arguments, working_directory, parts) -> ExitCode`."""
