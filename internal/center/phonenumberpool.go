package center

import (
	"fmt"
	"slices"
	"strings"
)

// The phone numbers that can be claimed. None of them rings: they are made up, of ranges that are reserved for fiction
// where a country has such ranges, so that nobody is called by mistake.

// Types of phone numbers, as the API spells them. Those of other kinds are imported and cannot be claimed.
const (
	NumberDID      = "DID"
	NumberTollFree = "TOLL_FREE"
	NumberShared   = "SHARED"
	NumberUIFN     = "UIFN"
)

// numberRange is a range of phone numbers: a prefix without +, and digits digits behind it, from first on.
type numberRange struct {
	prefix               string
	digits, first, count int
}

// numbersBehind are the first numbers with each prefix and some digits behind it.
func numbersBehind(digits, count int, prefixes ...string) []numberRange {
	ranges := make([]numberRange, len(prefixes))
	for i, p := range prefixes {
		ranges[i] = numberRange{p, digits, 0, count}
	}
	return ranges
}

func (r *numberRange) number(i int) string {
	return fmt.Sprintf("+%s%0*d", r.prefix, r.digits, r.first+i)
}

func (r *numberRange) has(number string) bool {
	rest, ok := strings.CutPrefix(number, "+"+r.prefix)
	if !ok || len(rest) != r.digits {
		return false
	}
	n := 0
	for _, c := range []byte(rest) {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n >= r.first && n < r.first+r.count
}

// numberPool are the ranges of a country and a type.
type numberPool struct {
	country, kind string
	ranges        []numberRange // in the order of their numbers as texts
}

// callingCodes are the calling codes of all countries of the API model, with the code of an area behind a dash, or behind a
// slash where a country shares the calling code of another.
const callingCodes = `AF93 AL355 DZ213 AS1/684 AD376 AO244 AI1/264 AQ672/1 AG1/268 AR54-11 AM374 AW297 AU61 AT43 AZ994 BS1/242 BH973 BD880 BB1/246
BY375 BE32 BZ501 BJ229 BM1/441 BT975 BO591 BA387 BW267 BR55-11 IO246 VG1/284 BN673 BG359 BF226 BI257 KH855 CM237 CA1 CV238 KY1/345 CF236 TD235
CL56 CN86-10 CX61/89164 CC61/89162 CO57 KM269 CK682 CR506 HR385 CU53 CW599/9 CY357 CZ420 CD243 DK45 DJ253 DM1/767 DO1/809 TL670 EC593 EG20 SV503
GQ240 ER291 EE372 ET251 FK500 FO298 FJ679 FI358 FR33 PF689 GA241 GM220 GE995 DE49 GH233 GI350 GR30 GL299 GD1/473 GU1/671 GT502 GG44/1481 GN224
GW245 GY592 HT509 HN504 HK852 HU36 IS354 IN91-11 ID62-21 IR98-21 IQ964 IE353 IM44/1624 IL972 IT39 CI225 JM1/876 JP81-3 JE44/1534 JO962 KZ7/7172
KE254 KI686 KW965 KG996 LA856 LV371 LB961 LS266 LR231 LY218 LI423 LT370 LU352 MO853 MK389 MG261 MW265 MY60 MV960 ML223 MT356 MH692 MR222 MU230
YT262/269 MX52-55 FM691 MD373 MC377 MN976 ME382 MS1/664 MA212 MZ258 MM95 NA264 NR674 NP977 NL31 AN599/7 NC687 NZ64 NI505 NE227 NG234 NU683 KP850
MP1/670 NO47 OM968 PK92-51 PW680 PA507 PG675 PY595 PE51 PH63 PN64/99 PL48 PT351 PR1/787 QA974 CG242 RE262 RO40 RU7-495 RW250 BL590/590 SH290
KN1/869 LC1/758 MF590/690 PM508 VC1/784 WS685 SM378 ST239 SA966 SN221 RS381 SC248 SL232 SG65 SX1/721 SK421 SI386 SB677 SO252 ZA27 KR82-2 ES34
LK94 SD249 SR597 SJ47/79 SZ268 SE46 CH41 SY963 TW886 TJ992 TZ255 TH66 TG228 TK690 TO676 TT1/868 TN216 TR90 TM993 TC1/649 TV688 VI1/340 UG256
UA380 AE971 GB44 US1 UY598 UZ998 VU678 VA39/06698 VE58 VN84 WF681 EH212/528 YE967 ZM260 ZW263`

// Area codes of the United States and of Canada that numbers are offered in.
var (
	areasUS = strings.Fields(`201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 254 256
		260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 330 334 336 337 339 347 351 352 360
		361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 432 434 435 440 443 469 478 479 480 484 501 502 503 504 505 507
		508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 561 562 563 567 570 571 573 574 575 580 585 586 601 602 603 605 606 607 608 609 610
		612 614 615 616 617 618 619 620 623 626 630 631 636 641 646 650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718
		719 720 724 727 731 732 734 740 754 757 760 763 765 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818
		828 830 831 832 843 845 847 848 850 856 857 858 859 860 862 863 864 865 870 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 920
		925 928 931 936 937 940 941 947 949 951 952 954 956 970 971 972 973 978 979 980 985 989`)
	areasCA = strings.Fields(`204 236 250 289 306 343 403 416 418 431 437 438 450 506 514 519 579 581 587 604 613 639 647 705 709 778 780 782 807 819 825 867 873 902 905`)
	// tollFreeAreas are of both.
	tollFreeAreas = strings.Fields(`800 833 844 855 866 877 888`)
)

// fiction are ranges that are reserved for fiction, by country and type, or nearly so.
// Sources: NANPA (555-0100 to 555-0199), Ofcom (numbers for drama), ACMA (numbers for use in creative works), ARCEP (decision
// 2018-0881), Bundesnetzagentur (Drama Numbers), ComReg (020 91x xxxx), PTS (numbers for books, film and television).
var fiction = map[string][]numberRange{
	"US " + NumberDID:      fictionIn(areasUS, 0, 100),
	"CA " + NumberDID:      fictionIn(areasCA, 0, 100),
	"US " + NumberTollFree: fictionIn(tollFreeAreas, 0, 80),
	"CA " + NumberTollFree: fictionIn(tollFreeAreas, 80, 20),
	"GB " + NumberDID:      numbersBehind(3, 1000, "441134960", "441174960", "441214960", "441614960", "442079460", "442890180", "442920180"),
	"GB " + NumberTollFree: numbersBehind(3, 1000, "448081570"),
	"GB " + NumberShared:   numbersBehind(3, 1000, "449098790"),
	"AU " + NumberDID:      numbersBehind(4, 10000, "6125550", "6127010", "6135550", "6137010", "6175550", "6177010", "6185550", "6187010"),
	"AU " + NumberTollFree: {{"611800160", 3, 401, 1}, {"611800975", 3, 707, 5}},
	"FR " + NumberDID:      numbersBehind(4, 10000, "3319900", "3326191", "3335301", "3346571", "3353649"),
	"DE " + NumberDID:      numbersBehind(3, 1000, "492214710", "493023125", "494066969", "496990009", "498999998"),
	"IE " + NumberDID:      numbersBehind(4, 10000, "35320910"),
	"SE " + NumberDID:      numbersBehind(2, 100, "463139006", "464062804", "468465004"),
}

// fictionIn are the numbers 555-0100 to 555-0199 of areas of North America, or some of them.
func fictionIn(areas []string, first, count int) []numberRange {
	ranges := make([]numberRange, len(areas))
	for i, area := range areas {
		ranges[i] = numberRange{"1" + area + "55501", 2, first, count}
	}
	return ranges
}

var numberPools = makePools()

func makePools() (pools []numberPool) {
	for i, c := range strings.Fields(callingCodes) {
		country, code := c[:2], c[2:]
		code, area, _ := strings.Cut(code, "-")
		code, own, shares := strings.Cut(code, "/")
		var did []numberRange
		if shares && code == "1" {
			did = fictionIn([]string{own}, 0, 100)
		} else {
			did = numbersBehind(4, 10000, code+area+own+"5550")
		}
		add := func(kind string, made []numberRange) {
			if reserved, ok := fiction[country+" "+kind]; ok {
				made = reserved
			}
			if made != nil {
				pools = append(pools, numberPool{country, kind, made})
			}
		}
		add(NumberDID, did)
		if !shares && code != "1" { // others call the neighbour's
			add(NumberTollFree, numbersBehind(3, 1000, code+"8005550"))
			add(NumberShared, numbersBehind(3, 1000, code+"9005550"))
		} else {
			add(NumberTollFree, nil)
		}
		add(NumberUIFN, numbersBehind(4, 10000, fmt.Sprintf("8005%03d", i)))
	}
	return pools
}

// AvailableNumbers are up to limit numbers of the pool of a country and type that begin with a prefix, in their order as texts,
// behind one and without those that are taken.
func AvailableNumbers(country, kind, prefix, after string, taken func(number string) bool, limit int) (found []string) {
	i := slices.IndexFunc(numberPools, func(p numberPool) bool { return p.country == country && p.kind == kind })
	if i < 0 {
		return nil
	}
	for _, r := range numberPools[i].ranges {
		if last := r.number(r.count - 1); last <= after || !strings.HasPrefix("+"+r.prefix, prefix) && !strings.HasPrefix(prefix, "+"+r.prefix) {
			continue
		}
		for n := range r.count {
			number := r.number(n)
			if number <= after || !strings.HasPrefix(number, prefix) || taken(number) {
				continue
			}
			if found = append(found, number); len(found) == limit {
				return found
			}
		}
	}
	return found
}

// PoolOf says which country's a number of the pool is, and of which type.
func PoolOf(number string) (country, kind string, ok bool) {
	for i := range numberPools {
		p := &numberPools[i]
		if slices.ContainsFunc(p.ranges, func(r numberRange) bool { return r.has(number) }) {
			return p.country, p.kind, true
		}
	}
	return "", "", false
}
