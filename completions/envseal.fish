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
complete -c envseal -n "__fish_envseal_needs_command" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_needs_command" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_needs_command" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_needs_command" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_needs_command" -s V -l version -d 'Print version'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "init" -d 'Set up this project: env file, .gitignore, git hooks and drivers'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "set" -d 'Encrypt a value'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "get" -d 'Decrypt values and print them'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "unset" -d 'Remove variables from a file'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "rename" -d 'Rename a variable'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "resolve" -d 'Resolve a merge conflict about one variable'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "run" -d 'Run a program with the decrypted values in its environment'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "edit" -d 'Edit a file\'s values in your editor, then encrypt the changes'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "encrypt" -d 'Encrypt every value that is not marked plain'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "decrypt" -d 'Decrypt values back to plain text'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "ls" -d 'List env files, and show whether you can decrypt them'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "check" -d 'Check that no secret is unencrypted, and that everything encrypted is valid'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "diff" -d 'Show which variables changed between commits, by name'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "log" -d 'Show who changed which variable, when, and in which commit'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "blame" -d 'Show the commit that last changed each variable'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "doctor" -d 'Diagnose why something can\'t be decrypted'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "import" -d 'Import values and keys from another tool'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "key" -d 'Manage keys'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "team" -d 'Manage members and access'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "hook" -d 'Manage git hooks and drivers in this clone'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "completions" -d 'Print a completion script for a shell, or install one'
complete -c envseal -n "__fish_envseal_needs_command" -f -a "man" -d 'Print a manual page, as roff'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand init" -s y -l yes -d 'Accept every proposal without prompting'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand init" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand set" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -l generate -d 'Generate the value and encrypt it: LENGTH random letters and digits [default: 32]' -r
complete -c envseal -n "__fish_envseal_using_subcommand set" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand set" -l plain -d 'Write as plain text, marked `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l seal -d 'Encrypt, and remove the mark `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand set" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -l convention -d 'Read the files that TOOL reads for the environment' -r -f -a "nextjs\t''
flow\t''"
complete -c envseal -n "__fish_envseal_using_subcommand get" -s k -l only -d 'Include only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s x -l except -d 'Exclude variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l format -d 'Choose the format; raw is one value\'s bytes' -r -f -a "raw\t''
dotenv\t''
json\t''
shell\t''
fish\t''
nushell\t''
powershell\t''
docker\t''
k8s\t''
github\t''"
complete -c envseal -n "__fish_envseal_using_subcommand get" -l at -d 'Read the files of this commit' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -l name -d 'Name the Secret of k8s [default: envseal-ENVIRONMENT]' -r
complete -c envseal -n "__fish_envseal_using_subcommand get" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand get" -l json -d 'Print JSON (short for --format json)'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand get" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l force -d 'Replace an existing NEW, and leave references to OLD unchanged'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -l ours -d 'Take the side above `=======`; in a rebase, the branch you rebase onto'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -l theirs -d 'Take the side below `=======`; in a rebase, your own commit'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -l plain -d 'Allow plain text in place of an encrypted value; a new VALUE is marked `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -l seal -d 'Encrypt the new value, and remove the mark `# envseal: plain`'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -l convention -d 'Read the files that TOOL reads for the environment' -r -f -a "nextjs\t''
flow\t''"
complete -c envseal -n "__fish_envseal_using_subcommand run" -s k -l only -d 'Include only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s x -l except -d 'Exclude variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -l allow-missing -d 'Start without NAME if it can\'t be decrypted, or is required but missing (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand run" -l overload -d 'Let files override the process\'s own variables, and later files earlier ones'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l clean-env -d 'Pass on no variables of the process but PATH, HOME, TERM, LANG and TMPDIR'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l redact -d 'Mask encrypted values in the program\'s output as [NAME] (not a security boundary)'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l in-session -d 'Start CMD in a session of its own, with the environment as it is; used by envseal itself'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand run" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s k -l only -d 'Include only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s x -l except -d 'Exclude variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l external -d 'Allow references to NAME, which only the target machine sets (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l literal -d 'Take the value of NAME as text, `$` and all (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l stdout -d 'Print the encrypted file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l reseal -d 'Re-encrypt the sealed values that are not under the file\'s key'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l all -d 'With --reseal: re-encrypt every sealed value'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s k -l only -d 'Include only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s x -l except -d 'Exclude variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l stdout -d 'Print the decrypted file instead of writing it'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l names -d 'Show each variable\'s state in each environment'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l age -d 'Add when each value last changed, from git'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l example -d 'Print the folder\'s example file, with missing names added and no values'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l write -d 'Write the example file (`>` would empty it first)'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l range -d 'Check each commit after A up to B, by A\'s policy; A...B is what a merge into A brings; zeros for A, a new ref' -r
complete -c envseal -n "__fish_envseal_using_subcommand check" -l max-age -d 'Report sealed values unchanged for longer: 90d, 12w' -r
complete -c envseal -n "__fish_envseal_using_subcommand check" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand check" -l staged -d 'Check what is staged, not the working tree'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l history -d 'Check every file ever committed'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l fix -d 'Encrypt plaintext, update .gitignore and .dockerignore, fix modes, then check again'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l accept-policy -d 'Accept reviewed changes: wider policies, `allow` marks, sealed proxies and endpoints'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l strict -d 'Fail on suggestions too'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l sarif -d 'Print SARIF 2.1.0, for code scanning'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l github -d 'Print GitHub workflow commands, shown as annotations'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand check" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l format -d 'Choose the output format; markdown is for pull requests' -r -f -a "json\t''
markdown\t''"
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l show -d 'Decrypt and show the old and new values'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l json -d 'Print JSON (short for --format json)'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s n -l max-count -d 'Show at most this many commits' -r
complete -c envseal -n "__fish_envseal_using_subcommand log" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand log" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand log" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand blame" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s k -l only -d 'Include only variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -s x -l except -d 'Exclude variables that match GLOB (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l external -d 'Allow references to NAME, which only the target machine sets (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l literal -d 'Take the value of NAME as text, `$` and all (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand import" -l source-keys -d 'The other tool\'s private keys: its keys file, or ejson\'s key folder' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand import" -l backup -d 'Keep a replaced file as backup-NAME~ beside it, unless it holds a plaintext secret'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s y -l yes -d 'Don\'t ask'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand import" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "list" -d 'List keys, where each private key is, and who has a grant'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "show" -d 'Print an environment\'s public or private key'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "generate" -d 'Create a key pair for an environment without one'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "lock" -d 'Lock the keys in .env.keys with a passphrase'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "unlock" -d 'Remove the passphrase from the keys in .env.keys'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "backup" -d 'Back up every private key into one file, locked with a passphrase'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "recover" -d 'Recover the keys of a backup into .env.keys'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "rotate" -d 'Replace an environment\'s key pair and re-encrypt every value'
complete -c envseal -n "__fish_envseal_using_subcommand key; and not __fish_seen_subcommand_from list show generate lock unlock backup recover rotate trust" -f -a "trust" -d 'Trust an environment\'s changed public key'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s f -l file -d 'Use this file, or a folder\'s; \'?FILE\' if it exists' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l private -d 'Print the private key, which decrypts everything encrypted to it'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -l force -d 'Create a key even if the last commit has one'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s e -l env -d 'Recover only the keys of an environment; `default` is that of .env (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -l keep -d 'Keep this member\'s grants without a prompt (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -l leave-out -d 'Leave this member without access (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s e -l env -d 'Use .env.NAME (.env for `default`); several: a,b' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s f -l file -d 'Use this file, or a folder\'s' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -l fingerprint -d 'Trust the key without prompting if it has this fingerprint' -r
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "whoami" -d 'Show your identity, your member name and your grants'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "request" -d 'Request access: add yourself to the team file'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "add" -d 'Add a member by their public key'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "approve" -d 'Grant a member access to environments that you can decrypt'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "remove" -d 'Remove a member: drop grants, rotate keys, and list exposed values'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "list" -d 'Show who has access to what, granted by whom, when, and in which commit'
complete -c envseal -n "__fish_envseal_using_subcommand team; and not __fish_seen_subcommand_from whoami request add approve remove list exposures" -f -a "exposures" -d 'List exposed values of this project that removed members could read'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from whoami" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -l name -d 'Your member name [default: git\'s user.email before the @]' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -l replace -d 'Replace your key, as on a new laptop; the old one is removed'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -l key -d 'The file with the public key; `-` for stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s e -l env -d 'Also grant this environment (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -l fingerprint -d 'Don\'t prompt; take the key that has this fingerprint' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s e -l env -d 'Grant this environment (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -l fingerprint -d 'Don\'t prompt if the member has this fingerprint' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s e -l env -d 'Also rotate this environment, whose key the member has without a grant (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l keep -d 'Keep this member\'s grants without a prompt (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l leave-out -d 'Leave this member without access (repeats)' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l yes -d 'Don\'t prompt'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l max-age -d 'Fail if a value is still exposed after this time: 30m, 12h, 7d, 2w' -r
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l all -d 'Include values that were replaced or removed'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l confirm -d 'Record verified replacements in the team file'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l json -d 'Print JSON'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand team; and __fish_seen_subcommand_from exposures" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "install" -d 'Install hooks that check every commit, merge and push'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "uninstall" -d 'Remove envseal\'s part from the hooks'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall run" -f -a "run" -d 'Run a hook or a driver; git calls this'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l drivers -d 'Remove the merge and diff drivers too'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-commit" -d 'Check what is about to be committed'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-merge-commit" -d 'Check what a merge is about to commit'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "pre-push" -d 'Check what is about to be pushed'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "merge" -d 'Merge an env file by name, as git\'s merge driver'
complete -c envseal -n "__fish_envseal_using_subcommand hook; and __fish_seen_subcommand_from run" -f -a "textconv" -d 'Print an env file for git diff, each sealed value as its hash'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand completions" -l install -d 'Install a script that completes what is in the project too'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c envseal -n "__fish_envseal_using_subcommand man" -l dir -d 'Write every page into DIR: envseal.1, envseal-set.1, …' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s C -d 'Change to DIR first' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s K -l keys-file -d 'Read private keys from FILE instead of .env.keys; - is stdin' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s i -l identity -d 'Use this private SSH key as your identity instead of the one that `team request` creates' -r -F
complete -c envseal -n "__fish_envseal_using_subcommand man" -s q -l quiet -d 'Print errors only'
complete -c envseal -n "__fish_envseal_using_subcommand man" -s v -l verbose -d 'Print more'
complete -c envseal -n "__fish_envseal_using_subcommand man" -l no-pager -d 'Don\'t use a pager'
complete -c envseal -n "__fish_envseal_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
