#!/usr/bin/env bash
# Makes the three sample channels of this folder out of nothing but formulas: see README.md.
#
#   media/make.sh [DIR]      DIR: where to put them, default: the folder of this script
#
# Needs ffmpeg (libmp3lame, libfreetype) and the font DejaVu Sans Bold:
#   apt-get install -y ffmpeg fonts-dejavu-core
# The same versions of the tools give the same bytes: no clock, no random number, no thread that races.
set -euo pipefail

out=${1:-$(cd "$(dirname "$0")" && pwd)}
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf}

readonly rate=12            # frames per second
readonly seconds=12         # length of a loop: every picture formula has this period
readonly width=640 height=360
readonly audio_rate=48000   # samples per second
readonly audio_bits=96k     # bits per second

for need in ffmpeg "$font"; do
    command -v "$need" >/dev/null || [ -r "$need" ] || {
        echo "make.sh: $need is missing: apt-get install -y ffmpeg fonts-dejavu-core" >&2
        exit 1
    }
done

# Writes the file named last. One encoder thread, and no version of the encoder in the file: with several
# threads, which picture gets which bits depends on how they are scheduled.
ff() {
    ffmpeg -nostdin -hide_banner -loglevel error -y "${@:1:$#-1}" \
        -threads 1 -fflags +bitexact -flags +bitexact "${@: -1}"
}

# The name plate, lower left, and the number of the frame file, lower right.
plate() { # id name
    local style="fontfile=$font:fontcolor=white:box=1:boxcolor=black@0.55:boxborderw=8"
    printf '%s' "drawtext=$style:fontsize=26:x=22:y=h-44:text='$1  $2'," \
        "drawtext=$style:fontsize=18:x=w-tw-22:y=h-40:text='%{eif\:n+1\:d\:3}'"
}

# pictures ID NAME QUALITY FILTERS: a black canvas goes through FILTERS, gets its plate, becomes frame1.jpg ...
pictures() {
    local folder="$out/$1/frames"
    rm -rf "$folder" && mkdir -p "$folder"
    ff -f lavfi -i "color=black:s=${width}x${height}:r=$rate:d=$seconds" \
        -vf "format=gbrp,$4,format=gbrp,$(plate "$1" "$2"),scale=out_range=full,format=yuvj420p" \
        -huffman optimal -trellis 1 -q:v "$3" -start_number 1 "$folder/frame%d.jpg"
}

# sound ID LEFT|RIGHT: one MP3 per second, each decodable by itself; its LAME tag lets a player cut the
# encoder's padding, so that the segments follow each other without a gap.
sound() {
    local folder="$out/$1/audio" second
    rm -rf "$folder" && mkdir -p "$folder"
    for ((second = 0; second < seconds; second++)); do
        ff -f lavfi -i "aevalsrc='$2':d=$seconds:s=$audio_rate" -ss "$second" -t 1 \
            -map_metadata -1 -id3v2_version 0 -c:a libmp3lame -b:a "$audio_bits" "$folder/audio$((second + 1)).mp3"
    done
}

# 1AAA99 Aurora: three curtains of light wander over a starry sky and a ridge.
aurora() {
    # One curtain: a wavy line, sharp below, fading upwards, with rays that move through it.
    curtain() { # base amplitude waves phase turns rays
        printf '%s' "st(2,$1+$2*sin($3*ld(1)+$4+$5*ld(0))+0.03*sin(9*ld(1)-$5*2*ld(0)));" \
            "st(3,ld(2)-Y/H);" \
            "st(4,(0.62+0.38*sin($6*ld(1)+3*sin(2*ld(1)+ld(0))-$5*2*ld(0)))" \
            "*if(gte(ld(3),0),exp(-ld(3)*5.5),exp(ld(3)*60)));"
    }
    local start='st(0,2*PI*T/12);st(1,X/W*PI);'
    local ridge='0.86-0.05*sin(X/W*7)-0.03*sin(X/W*17+1)-0.008*sin(X/W*61)'
    # One pixel in 1 400 is a star and twinkles; which ones, the fraction of a fast sine decides.
    local star='255*gt(mod(abs(sin(X*12.9898+Y*78.233))*43758.5453,1),0.9993)*(0.6+0.4*sin(ld(0)*3+X))'
    local one two three
    one=$(curtain 0.58 0.10 2.0 0 1 26)
    two=$(curtain 0.42 0.12 1.6 2 -1 34)
    three=$(curtain 0.70 0.06 2.6 4 1 44)
    light() { # the sky's light, then that of each curtain
        printf '%s' "$start st(5,$1*(0.35+0.65*Y/H)+$star);" \
            "$one st(5,ld(5)+$2*ld(4));$two st(5,ld(5)+$3*ld(4));$three st(5,ld(5)+$4*ld(4));" \
            "if(gt(Y/H,$ridge),$1*0.16,min(255,ld(5)))"
    }
    pictures 1AAA99 Aurora 10 \
        "geq=r='$(light 22 20 120 30)':g='$(light 30 215 60 150)':b='$(light 62 120 165 120)'"

    # A slow pad: four chords of three seconds, each swelling from silence and back, turning from ear to ear.
    pad() { # phase of the turn
        printf '%s' "st(0,$(root));st(1,0.11*pow(sin(PI*mod(t,3)/3),0.6)*(0.75+0.25*sin(2*PI*t/4+$1)));" \
            "ld(1)*(sin(2*PI*ld(0)*t)+0.8*sin(2*PI*1.5*ld(0)*t)+0.7*sin(2*PI*2*ld(0)*t)" \
            "+0.5*sin(2*PI*3*ld(0)*t)+0.35*sin(2*PI*4.5*ld(0)*t+sin(2*PI*t/3)))"
    }
    sound 1AAA99 "$(pad 0)|$(pad PI)"
}

# 2BBB99 Julia: the constant of z^2 + c walks once around the Mandelbrot set, just outside its heart.
julia() {
    local escape="st(0,2*PI*T/12+2);st(1,(X-W/2)/(H*0.38));st(2,(Y-H/2)/(H*0.38));st(3,0);
        st(5,1.06*(cos(ld(0))/2-cos(2*ld(0))/4));st(6,1.06*(sin(ld(0))/2-sin(2*ld(0))/4));
        while(lt(ld(3),48)*lt(ld(1)*ld(1)+ld(2)*ld(2),64),
            st(4,ld(1)*ld(1)-ld(2)*ld(2)+ld(5));
            st(2,2*ld(1)*ld(2)+ld(6));
            st(1,ld(4));
            st(3,ld(3)+1));
        if(gte(ld(3),48),255,min(255,37*sqrt(max(0,ld(3)+2-log(log(ld(1)*ld(1)+ld(2)*ld(2)))/log(2)))))"
    # From night blue over magenta to gold, and dark again inside, so that the finest threads stay soft.
    local palette="r='16+228*exp(-pow((val-172)/54,2))'"
    palette+=":g='8+196*exp(-pow((val-206)/34,2))':b='34+176*exp(-pow((val-128)/56,2))'"
    # Computed at five eighths of the size and enlarged: it costs less than half, and no edge is jagged.
    pictures 2BBB99 Julia 15 \
        "scale=400:226,format=gray,geq=lum='$(packed "$escape")',scale=$width:$height:flags=bicubic,format=gbrp,lutrgb=$palette"

    # Bells on a pentatonic scale, two voices that answer each other left and right.
    bell() { # offset of the voice, seconds
        printf '%s' "st(0,mod(t+$1,12));st(1,floor(ld(0)*2));st(2,ld(0)-ld(1)/2);" \
            "st(3,mod(ld(1)*7+floor(ld(1)/8)*3+8*$1,11));" \
            "st(4,261.63*pow(2,floor(ld(3)/5)+floor(2.4*mod(ld(3),5))/12));" \
            "0.28*min(1,ld(2)*300)*min(1,(0.5-ld(2))*60)*exp(-6*ld(2))" \
            "*(sin(2*PI*ld(4)*ld(2))+0.4*exp(-9*ld(2))*sin(2*PI*2.76*ld(4)*ld(2)))"
    }
    local left right
    left=$(bell 0) right=$(bell 0.25)
    sound 2BBB99 "$left+0.35*($right)|$right+0.35*($left)"
}

# 3CCC99 Sunset Drive: a striped sun, and a grid that comes towards the viewer, two lines a second.
sunset() {
    # A line of the floor is a bell curve around a whole number; far away it grows as wide as its cell and fades.
    local floor="st(0,Y/H-0.58);st(1,0.09/max(ld(0),0.001));
        st(2,abs(mod(ld(1)*4+2*T+0.5,1)-0.5)/min(0.45,ld(1)*ld(1)*0.9+0.012));
        st(3,abs(mod((X/W-0.5)*ld(1)*22+100.5,1)-0.5)/min(0.4,ld(1)*0.5+0.012));
        st(4,exp(-ld(2)*ld(2)*5)+exp(-ld(3)*ld(3)*5));
        st(5,min(1,min(1,ld(4))*min(1,pow(ld(0)*6,2))+0.75*exp(-ld(0)*24)));"
    local sun="st(6,hypot(X-W/2,Y-H*0.36));st(7,(Y/H-0.12)/0.46);
        st(8,clip(H*0.27-ld(6)+0.5,0,1)*gt(mod(ld(7)*9-T+12,1),ld(7)*0.72-0.18));"
    paint() { # sky above, sky below, sun above, sun below, grid, ground
        packed "$floor$sun if(gte(ld(0),0),$6+($5-$6)*ld(5),
            st(9,min(255,$1+($2-$1)*pow(Y/H/0.58,2)+0.35*$4*exp(-max(0,ld(6)-H*0.27)/26)));
            ld(9)+ld(8)*($3+($4-$3)*ld(7)-ld(9)))"
    }
    pictures 3CCC99 'Sunset Drive' 12 \
        "geq=r='$(paint 22 150 255 255 255 24)':g='$(paint 8 30 225 40 60 6)':b='$(paint 54 120 90 130 200 44)'"

    # A kick on every half second, a bass that pumps against it, an arpeggio above.
    local beat
    beat="st(0,$(root));st(1,mod(t,0.5));st(2,mod(t,0.25));st(3,mod(t,0.125));
        st(4,ld(0)*4*pow(2,7*mod(floor(t*8),3)/12+gt(mod(floor(t*8),4),1)));
        0.5*exp(-14*ld(1))*min(1,(0.5-ld(1))*50)*sin(2*PI*(48*ld(1)+5*(1-exp(-40*ld(1)))))
        +0.2*min(1,ld(1)*4)*min(1,ld(2)*200)*min(1,(0.25-ld(2))*100)
            *(sin(2*PI*ld(0)*ld(2))+0.5*sin(4*PI*ld(0)*ld(2))+0.33*sin(6*PI*ld(0)*ld(2))+0.25*sin(8*PI*ld(0)*ld(2)))"
    local arpeggio="min(1,ld(3)*400)*min(1,(0.125-ld(3))*100)*exp(-12*ld(3))
        *(sin(2*PI*ld(4)*ld(3))+0.3*sin(6*PI*ld(4)*ld(3)))"
    sound 3CCC99 "$(packed "$beat+0.16*$arpeggio")|$(packed "$beat+0.08*$arpeggio")"
}

# The root of the chord at time t, hertz: A, F, C, G, three seconds each.
root() {
    printf 'if(lt(mod(t,12),3),110,if(lt(mod(t,12),6),87.31,if(lt(mod(t,12),9),130.81,98)))'
}

# A formula on one line, without blanks.
packed() {
    printf '%s' "${1//[$'\n ']/}"
}

aurora
julia
sunset
