# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_envseal_global_optspecs
    string join \n C= K/keys-file= i/identity= q/quiet v/verbose no-pager h/help V/version
end

function __fish_envseal_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_envseal_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_envseal_using_subcommand
    set -l cmd (__fish_envseal_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c envseal -n "__fish_envseal_needs_command" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_needs_command" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_needs_command" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_needs_command" -s V -l version -d 'Print version'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "init" -d 'Set this project up: the first env file, .gitignore, git hooks and drivers, and which names are plain'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "set" -d 'Seal a value'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "get" -d 'Open values and print them'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "unset" -d 'Take variables out of a file'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "rename" -d 'Give a variable another name'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "run" -d 'Run a program with the opened values in its environment'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "encrypt" -d 'Seal every plain value that is not marked plain'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "decrypt" -d 'Write the sealed values back as plain text'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "ls" -d 'List env files: what is sealed in them, to which key, and whether you can open it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "check" -d 'Check that nothing secret is in the open, and that what is sealed is as it should be'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "diff" -d 'Show by name what changed: added, removed, changed, now in plain text, re-sealed only'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "log" -d 'Show who changed which variable, when, and in which commit'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "blame" -d 'Show for each variable of an env file which commit last changed it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "doctor" -d 'Tell why env files can or cannot be opened here, and what to do about it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "key" -d 'Show and make keys'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "hook" -d 'Hooks and drivers in this clone'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s y -l yes -d 'Take every proposal without asking'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand init" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand set" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -l plain -d 'Write as plain text, marked `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l seal -d 'Seal, and lift the mark of a line that is marked plain'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l format -d 'How to print: raw is one value\'s bytes as they are, without a newline' -r -f -a "raw\t''
json\t''
dotenv\t''
shell\t''
fish\t''
powershell\t''
docker\t''
k8s\t''
github\t''"
complete -c envseal -n "__fish_envseal_using_subcommand get" -l at -d 'What the files held in this commit, opened with a key of that time' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l name -d 'The Secret\'s name in --format k8s [default: envseal-ENVIRONMENT]' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -l json -d 'The same as --format json'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand get" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l force -d 'Replace a variable that has the new name already'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -l allow-missing -d 'Start even if NAME cannot be opened, and leave it out (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -l overload -d 'Let files win over the process\'s own variables, and later files over earlier ones'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l stdout -d 'Print the sealed file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l reseal -d 'Open what is sealed, with older keys too, and seal it anew to the file\'s key'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l stdout -d 'Print the plain file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l range -d 'Check every commit from A (left out) to B, by the policy of A; zeros for A: all that no ref has yet' -r
complete -c envseal -n "__fish_envseal_using_subcommand check" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -l staged -d 'Check what the index holds, never the worktree\'s files'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l history -d 'Check every file ever committed'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l fix -d 'Seal plaintext, add to .gitignore and .dockerignore, fix modes; then check again'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l accept-policy -d 'Let a policy that the range widens, and `allow` marks that it adds, hold for it'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l strict -d 'Let advice fail the check too'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l sarif -d 'Print SARIF 2.1.0, for code scanning'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l show -d 'Open the values with the keys at hand and show them, old and new'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s n -l max-count -d 'Show so many commits at most' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand log" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -f -a "show" -d 'Print an environment\'s public key, or its private one'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from show generate" -f -a "generate" -d 'Make the key pair of an environment that has none'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l private -d 'The private key: whoever has it can read everything sealed to it'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s f -l file -d 'The env file, or the folder it is in (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "install" -d 'Have git check every commit, merge and push of this clone'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "uninstall" -d 'Take envseal\'s part out of the hooks, and nothing else'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "run" -d 'Run a hook or a driver; git calls this'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l drivers -d 'Take the merge and diff drivers out of this clone too'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-commit" -d 'Check what is about to be committed'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-merge-commit" -d 'Check what a merge is about to commit'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-push" -d 'Check what is about to be pushed'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "merge" -d 'Merge an env file by name, as git\'s merge driver'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "textconv" -d 'Print an env file for git diff, each sealed value as its hash'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s i -l identity -d 'Be who this private SSH key says, instead of the identity that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
