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
complete -c envseal -n "__fish_envseal_needs_command" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_needs_command" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_needs_command" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_needs_command" -s V -l version -d 'Print version'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "init" -d 'Set this project up: the first env file, .gitignore, git hooks and drivers, and which names are plain'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "set" -d 'Seal a value'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "get" -d 'Decrypt values and print them'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "unset" -d 'Take variables out of a file'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "rename" -d 'Give a variable another name'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "run" -d 'Run a program with the opened values in its environment'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "edit" -d 'Edit a file\'s values in your editor, and seal what changed'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "encrypt" -d 'Seal every plain value that is not marked plain'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "decrypt" -d 'Write the sealed values back as plain text'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "ls" -d 'List env files: what is sealed in them, to which key, and whether you can open it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "check" -d 'Check that nothing secret is in the open, and that what is sealed is as it should be'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "diff" -d 'Show by name what changed: added, removed, changed, now in plain text, re-sealed only'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "log" -d 'Show who changed which variable, when, and in which commit'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "blame" -d 'Show for each variable of an env file which commit last changed it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "doctor" -d 'Tell why env files can or cannot be opened here, and what to do about it'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "import" -d 'Import values and keys from another tool'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "key" -d 'Show, make, lock and keep keys'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "team" -d 'Members, who can open what, and what they could read who left'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "hook" -d 'Hooks and drivers in this clone'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "man" -d 'Print a page of the manual, as roff'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s y -l yes -d 'Take every proposal without asking'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand init" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand set" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -l plain -d 'Write as plain text, marked `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l seal -d 'Seal, and lift the mark of a line that is marked plain'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -l convention -d 'Read the files that Next.js, or dotenv-flow, reads for the environment; those that are there' -r -f -a "nextjs\t''
flow\t''"
complete -c envseal -n "__fish_envseal_using_subcommand get" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l format -d 'Print in this format; raw prints one value\'s exact bytes, without a newline' -r -f -a "raw\t''
json\t''
dotenv\t''
shell\t''
fish\t''
powershell\t''
docker\t''
k8s\t''
github\t''"
complete -c envseal -n "__fish_envseal_using_subcommand get" -l at -d 'Print what the files held in this commit, decrypted with a key of that time' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l name -d 'Name the Secret of --format k8s [default: envseal-ENVIRONMENT]' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -l json -d 'Same as --format json'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand get" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l force -d 'Replace a variable that has the new name, and leave references to the old one behind'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -l convention -d 'Read the files that Next.js, or dotenv-flow, reads for the environment; those that are there' -r -f -a "nextjs\t''
flow\t''"
complete -c envseal -n "__fish_envseal_using_subcommand run" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -l allow-missing -d 'Start even if NAME cannot be opened, or is required and missing, and leave it out (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -l overload -d 'Let files win over the process\'s own variables, and later files over earlier ones'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l redact -d 'Mask sealed values in what the program writes, as [NAME] (log hygiene: a program that means to can get round it)'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l in-session -d 'For envseal itself: CMD is started in a session of its own, with what is in the environment'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l external -d 'Allow references to NAME, which only the target machine sets: add it to `[policy] external` (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l literal -d 'Take the value of NAME as text, `$` and all (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l stdout -d 'Print the sealed file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l reseal -d 'Open what is sealed, with older keys too, and seal it anew to the file\'s key'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l stdout -d 'Print the plain file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l example -d 'Print the folder\'s example file: what stands there now, and the names it lacks; no values'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l write -d 'Write the example file instead; not by `>`, which empties it before it is read'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l range -d 'Check every commit from A (left out) to B, by the policy of A; zeros for A: all that no branch or tag has yet' -r
complete -c envseal -n "__fish_envseal_using_subcommand check" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -l staged -d 'Check what the index holds, never the worktree\'s files'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l history -d 'Check every file ever committed'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l fix -d 'Seal plaintext, add to .gitignore and .dockerignore, fix modes; then check again'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l accept-policy -d 'Accept what was reviewed: wider policies, `allow` marks, sealed proxies and endpoints'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l strict -d 'Let advice fail the check too'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l sarif -d 'Print SARIF 2.1.0, for code scanning'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l github -d 'Print GitHub\'s workflow commands, which it shows as annotations'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l show -d 'Open the values with the keys at hand and show them, old and new'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s n -l max-count -d 'Show so many commits at most' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand log" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s k -l only -d 'Only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -s x -l except -d 'No variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l external -d 'Allow references to NAME, which only the target machine sets: add it to `[policy] external` (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l literal -d 'Take the value of NAME as text, `$` and all (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l source-keys -d 'The other tool\'s private keys: its keys file, or ejson\'s key folder' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -l backup -d 'Keep a replaced file as backup-NAME~ beside it, unless it holds a plaintext secret'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s y -l yes -d 'Don\'t ask'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand import" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "list" -d 'List keys: of which environment, where the private half is, to whom it was granted'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "show" -d 'Print an environment\'s public key, or its private one'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "generate" -d 'Make the key pair of an environment that has none'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "lock" -d 'Lock the keys in .env.keys with a passphrase'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "unlock" -d 'Put the keys in .env.keys in the open again'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "backup" -d 'Write every key at hand into one file, locked with a passphrase'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "recover" -d 'Put the keys of a backup back into .env.keys'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "rotate" -d 'Give an environment a new key pair, and seal every value to it'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "trust" -d 'Accept an environment\'s public key after it was changed'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l private -d 'The private key: whoever has it can read everything sealed to it'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -l force -d 'Create a key even if the last commit has one'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s e -l env -d 'The environment: `default` is that of .env (repeats; all that the backup has, when left out)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s e -l env -d 'The environment: `production` is .env.production, `default` is .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s f -l file -d 'The env file, or the folder it is in; \'?FILE\' to read it if it is there (repeats)' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -l fingerprint -d 'Do not ask: accept the key if this is its fingerprint' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "whoami" -d 'Show who you are: your identity, your name in the team, and what you were granted'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "request" -d 'Ask to be let in: add yourself to the team file, ready to be committed'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "approve" -d 'Let a member open environments that you can open'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "remove" -d 'Take a member out: grants go, keys are rotated, and what could be read is recorded'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "list" -d 'Show who can open what: granted by whom, when, in which commit'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request approve remove list exposures" -f -a "exposures" -d 'List the values that removed members could read and that are still to be replaced'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -l name -d 'What you are to be called; else the part of git\'s user.email before the @' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s e -l env -d 'The environment (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -l fingerprint -d 'Ask nothing: this is the member\'s fingerprint' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s e -l env -d 'Rotate this environment too: the member had its key without a grant, as in a .env.keys (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l keep -d 'Keep what this member was granted by the one who leaves, or in turn (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l yes -d 'Ask nothing: grants that --keep does not name are dropped'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l max-age -d 'Fail if one is still open after this time: 30m, 12h, 7d, 2w' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l all -d 'Those too that were replaced, or are gone'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l confirm -d 'Write into the team file what was relative_path with the keys at hand'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s h -l help -d 'Print help'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "install" -d 'Have git check every commit, merge and push of this clone'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "uninstall" -d 'Take envseal\'s part out of the hooks, and nothing else'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "run" -d 'Run a hook or a driver; git calls this'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l drivers -d 'Take the merge and diff drivers out of this clone too'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
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
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand man" -l dir -d 'Write every page into DIR, which is made if need be: envseal.1, envseal-set.1, envseal-team-approve.1, …' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s K -l keys-file -d 'Take private keys from FILE instead of .env.keys' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s i -l identity -d 'Use this private SSH key as your identity, not the one that `team request` made' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s q -l quiet -d 'Say nothing but errors'
complete -c envseal -n "__fish_envseal_using_subcommand man" -s v -l verbose -d 'Say more'
complete -c envseal -n "__fish_envseal_using_subcommand man" -l no-pager -d 'Use no pager'
complete -c envseal -n "__fish_envseal_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
