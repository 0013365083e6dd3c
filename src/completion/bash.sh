# bash parts words at colons and equal signs too: an address comes in pieces, and is put together again here.
_framecast() {
    local -a whole=()
    local at=0 glue=0 i piece
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        piece=${COMP_WORDS[i]}
        if ((i > 0 && i < COMP_CWORD)) && { ((glue)) || [[ $piece == [:=] ]]; }; then
            whole[${#whole[@]} - 1]+=$piece
            glue=0
            [[ $piece != [:=] ]] || glue=1
        else
            whole+=("$piece")
            glue=0
        fi
        ((i != COMP_CWORD)) || at=$((${#whole[@]} - 1))
    done
    local -a COMP_WORDS=("${whole[@]}")
    local COMP_CWORD=$at
    _clap_complete_framecast "$@"
}
complete -o nospace -o bashdefault -o nosort -F _framecast framecast 2> /dev/null ||
    complete -o nospace -o bashdefault -F _framecast framecast
