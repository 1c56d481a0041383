import Gateway

let status = await Program.run(arguments: CommandLine.arguments)
Program.exit(status)
