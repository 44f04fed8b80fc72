package flowchart

// Style is the style sheet of all pictures. Colours stand here as they are, and not in variables, for programs that show
// pictures know little of CSS. Every colour of text has a contrast of 4.5 to 1 or more on what is behind it, that of a line
// 3 to 1. What a path did not take is fainter; its text keeps its contrast.
const Style = `
.fc{font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color-scheme:light dark}
.fc .paper{fill:#fff}
.fc .title{font-size:20px;font-weight:650;fill:#1b1f27}
.fc .sum{font-size:12px;fill:#5b6472}
.fc .l{stroke:#8a94a3;stroke-width:1.5;fill:none}
.fc .l.next{stroke:#5b6472;stroke-width:1.75}
.fc .l.err{stroke:#cd8078;stroke-width:1.25}
.fc .l.off,.fc .b.off{stroke-dasharray:4 3}
.fc .l:hover{stroke:#0b63c5;stroke-width:3.5}
.fc .l.v{stroke:#0b63c5;stroke-width:3}
.fc rect.start{fill:#0b63c5;stroke:none}
.fc text.start{font-size:12px;font-weight:600;fill:#fff}
.fc .box{fill:#f7f8fa;stroke:#c3cad4;stroke-width:1}
.fc .name{font-size:13.5px;font-weight:650;fill:#1b1f27}
.fc .kind{font-size:11px;fill:#5b6472}
.fc .detail{font-size:12px;fill:#333b46}
.fc .exit{font-size:11.5px;fill:#333b46}
.fc .exit.err{fill:#a3362b}
.fc .exit.lost{fill:#a3362b;font-weight:650}
.fc .exit.v{fill:#0b57ad;font-weight:650}
.fc .rule{stroke:#dfe4ea;fill:none}
.fc .dot{fill:#5b6472;stroke:#fff;stroke-width:1}
.fc .dot.err{fill:#c9584c}
.fc .dot.lost{fill:#fff;stroke:#a3362b;stroke-width:1.5}
.fc .dot.v{fill:#0b63c5}
.fc .arrow{fill:#5b6472}
.fc .v .arrow{fill:#0b63c5}
.fc .bar{fill:#8a94a3;stroke:none}
.fc .participant .bar{fill:#2f6fde}
.fc .contact .bar{fill:#0f8f8a}
.fc .control .bar{fill:#d08a00}
.fc .transfer .bar{fill:#3f9142}
.fc .outside .bar{fill:#8a4fd0}
.fc .end .bar{fill:#c2453a}
.fc .unknown .box{stroke:#a3362b;stroke-dasharray:4 3}
.fc .v .box{stroke:#0b63c5;stroke-width:2.5}
.fc .last .box{fill:#e8f1fc}
.fc rect.badge{fill:#0b63c5;stroke:#fff;stroke-width:1.5}
.fc text.badge{font-size:11px;font-weight:650;fill:#fff}
.fc .b:target .box,.fc .b:focus .box{stroke:#b8650a;stroke-width:4}
.fc .b:focus{outline:none}
.fc.traced .l:not(.v),.fc.traced .b:not(.v) .bar,.fc.traced .b:not(.v) .dot,.fc.traced .b:not(.v) .arrow{opacity:.45}
.fc.traced .b:not(.v) text{fill:#5b6472}
@media (prefers-color-scheme:dark){
.fc .paper{fill:#14171c}
.fc .title,.fc .name{fill:#e8ebf0}
.fc .sum,.fc .kind{fill:#a3adbb}
.fc .l{stroke:#717c8b}
.fc .l.next{stroke:#a3adbb}
.fc .l.err{stroke:#9c5b54}
.fc .l:hover,.fc .l.v{stroke:#7ab7ff}
.fc rect.start,.fc rect.badge,.fc .dot.v,.fc .v .arrow{fill:#7ab7ff}
.fc text.start,.fc text.badge{fill:#0d1420}
.fc .box{fill:#1d2229;stroke:#3d4754}
.fc .detail,.fc .exit{fill:#cdd4dd}
.fc .exit.err,.fc .exit.lost{fill:#f0938a}
.fc .exit.v{fill:#7ab7ff}
.fc.traced .b:not(.v) text{fill:#a3adbb}
.fc .rule{stroke:#333b46}
.fc .dot{fill:#a3adbb;stroke:#14171c}
.fc .dot.err{fill:#e0796e}
.fc .dot.lost{fill:#14171c;stroke:#f0938a}
.fc .arrow{fill:#a3adbb}
.fc .participant .bar{fill:#5b93f5}
.fc .contact .bar{fill:#2bb3ad}
.fc .control .bar{fill:#e0a52e}
.fc .transfer .bar{fill:#5cb860}
.fc .outside .bar{fill:#a97be6}
.fc .end .bar{fill:#e0685d}
.fc .unknown .box{stroke:#f0938a}
.fc .v .box{stroke:#7ab7ff}
.fc .last .box{fill:#1a2c44}
.fc rect.badge{stroke:#14171c}
.fc .b:target .box,.fc .b:focus .box{stroke:#ffb454}
}
`
