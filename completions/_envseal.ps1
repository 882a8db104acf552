
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'envseal' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'envseal'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'envseal' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set this project up: the first env file, .gitignore, git hooks and drivers, and which names are plain')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Seal a value')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Open values and print them')
            [CompletionResult]::new('unset', 'unset', [CompletionResultType]::ParameterValue, 'Take variables out of a file')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give a variable another name')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a program with the opened values in its environment')
            [CompletionResult]::new('encrypt', 'encrypt', [CompletionResultType]::ParameterValue, 'Seal every plain value that is not marked plain')
            [CompletionResult]::new('decrypt', 'decrypt', [CompletionResultType]::ParameterValue, 'Write the sealed values back as plain text')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List env files: what is sealed in them, to which key, and whether you can open it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that nothing secret is in the open, and that what is sealed is as it should be')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show by name what changed: added, removed, changed, now in plain text, re-sealed only')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show who changed which variable, when, and in which commit')
            [CompletionResult]::new('blame', 'blame', [CompletionResultType]::ParameterValue, 'Show for each variable of an env file which commit last changed it')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Tell why env files can or cannot be opened here, and what to do about it')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Show and make keys')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'Hooks and drivers in this clone')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            break
        }
        'envseal;init' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Take every proposal without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Take every proposal without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;set' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Write as plain text, marked `# envseal: plain`')
            [CompletionResult]::new('--seal', '--seal', [CompletionResultType]::ParameterName, 'Seal, and lift the mark of a line that is marked plain')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;get' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--except', '--except', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: raw is one value''s bytes as they are, without a newline')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'What the files held in this commit, opened with a key of that time')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The Secret''s name in --format k8s [default: envseal-ENVIRONMENT]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The same as --format json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;unset' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;rename' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a variable that has the new name already')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;run' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--except', '--except', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--allow-missing', '--allow-missing', [CompletionResultType]::ParameterName, 'Start even if NAME cannot be opened, and leave it out (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--overload', '--overload', [CompletionResultType]::ParameterName, 'Let files win over the process''s own variables, and later files over earlier ones')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;encrypt' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--except', '--except', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--stdout', '--stdout', [CompletionResultType]::ParameterName, 'Print the sealed file instead of writing it')
            [CompletionResult]::new('--reseal', '--reseal', [CompletionResultType]::ParameterName, 'Open what is sealed, with older keys too, and seal it anew to the file''s key')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;decrypt' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only variables that match GLOB (repeats)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('--except', '--except', [CompletionResultType]::ParameterName, 'No variables that match GLOB (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--stdout', '--stdout', [CompletionResultType]::ParameterName, 'Print the plain file instead of writing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;ls' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;check' {
            [CompletionResult]::new('--range', '--range', [CompletionResultType]::ParameterName, 'Check every commit from A (left out) to B, by the policy of A; zeros for A: all that no ref has yet')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--staged', '--staged', [CompletionResultType]::ParameterName, 'Check what the index holds, never the worktree''s files')
            [CompletionResult]::new('--history', '--history', [CompletionResultType]::ParameterName, 'Check every file ever committed')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Seal plaintext, add to .gitignore and .dockerignore, fix modes; then check again')
            [CompletionResult]::new('--accept-policy', '--accept-policy', [CompletionResultType]::ParameterName, 'Let a policy that the range widens, and `allow` marks that it adds, hold for it')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Let advice fail the check too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--sarif', '--sarif', [CompletionResultType]::ParameterName, 'Print SARIF 2.1.0, for code scanning')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;diff' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Open the values with the keys at hand and show them, old and new')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;log' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Show so many commits at most')
            [CompletionResult]::new('--max-count', '--max-count', [CompletionResultType]::ParameterName, 'Show so many commits at most')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;blame' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;doctor' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;key' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print an environment''s public key, or its private one')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Make the key pair of an environment that has none')
            break
        }
        'envseal;key;show' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--private', '--private', [CompletionResultType]::ParameterName, 'The private key: whoever has it can read everything sealed to it')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;key;generate' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The environment: `production` is .env.production, `default` is .env (repeats)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The env file, or the folder it is in (repeats)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;hook' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have git check every commit, merge and push of this clone')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take envseal''s part out of the hooks, and nothing else')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a hook or a driver; git calls this')
            break
        }
        'envseal;hook;install' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;hook;uninstall' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--drivers', '--drivers', [CompletionResultType]::ParameterName, 'Take the merge and diff drivers out of this clone too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'envseal;hook;run' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('pre-commit', 'pre-commit', [CompletionResultType]::ParameterValue, 'Check what is about to be committed')
            [CompletionResult]::new('pre-merge-commit', 'pre-merge-commit', [CompletionResultType]::ParameterValue, 'Check what a merge is about to commit')
            [CompletionResult]::new('pre-push', 'pre-push', [CompletionResultType]::ParameterValue, 'Check what is about to be pushed')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Merge an env file by name, as git''s merge driver')
            [CompletionResult]::new('textconv', 'textconv', [CompletionResultType]::ParameterValue, 'Print an env file for git diff, each sealed value as its hash')
            break
        }
        'envseal;hook;run;pre-commit' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'envseal;hook;run;pre-merge-commit' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'envseal;hook;run;pre-push' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;hook;run;merge' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'envseal;hook;run;textconv' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'envseal;completions' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Change to DIR first')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('--keys-file', '--keys-file', [CompletionResultType]::ParameterName, 'Take private keys from FILE instead of .env.keys')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--no-pager', '--no-pager', [CompletionResultType]::ParameterName, 'Use no pager')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
