/** The words people build secrets from, the likeliest first: of secrets, of other tongues, of everyday English. */
const SECRET_WORDS = `
secret key password jwt my token your super the api auth test this app admin is access change me dev
pass hash salt user random long private signing production server client session cookie login very
default example sample demo local string secure security strong node express json web bit for in to a of
and not do use please insert here replace with must be at least characters char chars bits bytes minimum
enter put value some any abc keep safe safely unsafe insecure hidden hide code crypto cipher encrypt
encryption decrypt encoded encode sign signed signature algorithm verify verification authentication
authorization authenticate bearer refresh qwerty letmein welcome monkey dragon master hello world love
iloveyou princess sunshine football baseball soccer hockey shadow superman batman spiderman ironman
avengers trustno starwars pokemon naruto matrix ninja samurai pirate hunter killer freedom whatever
cheese pepper ginger chocolate banana apple orange lemon cherry coffee pizza burger taco bacon summer
winter spring autumn monday friday sunday january february march april june july august september
october november december michael jennifer jordan thomas robert daniel andrew joshua matthew anthony
charlie william george james david john alex max ashley jessica amanda nicole hannah sophie emma oliver
lucas maria carlos pedro juan jose ana laura sarah anna peter paul mark luke kevin steve brian eric
chris patrick ryan tyler brandon justin nathan samuel benjamin victor oscar diego marco antonio mohamed
ahmed ali omar raj kumar singh amit rahul priya arjun chen wang zhang nguyen kim lee park sato foo bar
baz qux foobar lorem ipsum dolor amet blah asdf qwer zxcv qaz wsx poiu lkj mnb hjkl jkl fgh dfg sdf wer
ert uiop xxx yyy zzz abcd abcdef xyz cat dog keyboard mouse horse battery staple correct tiger lion
eagle bear wolf fox panda rabbit elephant dolphin shark snake turtle bird chicken duck cow pig goat
sheep unicorn phoenix wizard magic red blue green yellow purple black white silver golden pink violet
crimson startup company project service backend frontend website mobile ios android site blog shop store
todo task chat social media game gaming player bot robot alien space rocket mars moon sun star planet
galaxy universe earth ocean river mountain forest fire water ice storm thunder lightning boot django
flask laravel symfony rails react angular vue next nest svelte graphql rest mongo mongodb mongoose
postgres postgresql mysql redis docker kubernetes heroku vercel netlify railway firebase supabase aws
azure google github gitlab stripe paypal twilio slack discord telegram twitter facebook instagram
youtube linkedin openai anthropic stage staging prod environment variable config configuration env
localhost database root administrator system sys manager guest public nobody knows never tell anyone
share shared commit push git repo repository shhh shhhh hush confidential classified top supersecret
mysecret topsecret ultra mega hyper extra really so much such wow ok okay yes no maybe lol haha hehe omg
wtf damn shit fuck hot cool nice awesome amazing great good best better bad evil crazy stupid dumb idiot
funny happy sad angry clave secreta secreto contrasena llave palabra mi tu su muy esto una para con por
que como hola mundo amor vida casa gato perro dios gracias minha senha chave segredo meu muito voce nao
brasil amigo mon mot passe cle secrete bonjour monde jeton tres pour avec une des les est geheim
geheimnis passwort schluessel sehr mein meine dein das ist ein eine und der die nicht sicher lang hallo
welt liebe parola chiave segreta ciao mondo amore sono molto questa questo klucz haslo tajne sekret moje
bardzo kunci rahasia saya sangat ini adalah gizli anahtar sifre cok benim kljuc tajna lozinka privet mir
parol sekretniy klyuch moy ochen himitsu kagi watashi mima mimi wode nyckel hemlig losenord salasana
avain sleutel geheime wachtwoord mijn kata sandi thequickbrown quick brown jumps over lazy fortune lucky
seven jackpot diamond ruby pearl crystal emerald gold king queen prince knight castle kingdom empire
legend hero warrior soldier captain america india china japan korea france germany spain italy russia
brazil mexico canada london paris berlin tokyo york texas california alpha beta gamma delta epsilon
omega sigma theta lambda zeta bravo echo foxtrot golf hotel kilo lima mike papa quebec romeo sierra
tango uniform whiskey xray yankee zulu one two three four five six eight nine ten hundred thousand
million first second third last new old big small little huge tiny giant fall open close door window
house home room table chair book pencil paper computer laptop phone screen internet network router
switch firewall wifi music guitar piano drums rock metal jazz movie trek wars lord rings potter hogwarts
gandalf frodo bilbo vader skywalker yoda jedi sith kenobi chewbacca leia neo trinity morpheus rick morty
homer simpson bart goku vegeta luffy zoro sasuke pikachu mario luigi zelda sonic tetris minecraft
fortnite deadbeef cafebabe feedface decafbad facade decade beef cafe dead face babe feed teach student
school university college class course tutorial lesson learn learning homework exercise practice final
exam grade workshop udemy bootcamp academy traversy bank money cash dollar euro bitcoin ethereum
blockchain wallet coin nft hodl payment order invoice customer product cart ticket booking travel flight
food restaurant recipe health fitness doctor patient hospital clinic
`;

const FOREIGN_WORDS = `
el la los las un sin mas pero esta este ser nada siempre nunca nadie puede tiene hacer tiempo noche dia
luz sol luna mar cielo tierra agua fuego corazon hermano hermana padre madre hijo hija familia escuela
trabajo proyecto aplicacion usuario servidor seguro segura seguridad larga largo produccion desarrollo
prueba cambiar favor nuestro nuestra viva bueno buena bonito feliz suerte rey reina uma com mais nosso
tudo sempre ninguem sabe pode fazer tempo noite terra fogo coracao irmao pai mae filho escola trabalho
projeto aplicativo seguranca producao desenvolvimento teste trocar obrigado saudade bom boa le du au aux
ce cette ces qui quoi ou dans sur sous plus moins bien tout tous rien jamais toujours personne peut
faire temps nuit jour soleil lune mer ciel terre eau feu coeur frere soeur pere mere fils fille famille
ecole travail projet utilisateur serveur securite longue changer merci vive aime moi toi nous vous
voulez coucher soir den dem einen sind kein mit von zu auf fur fuer oder aber wie was wo immer nie
niemand kann machen zeit nacht tag sonne mond meer himmel erde wasser feuer herz bruder schwester vater
mutter sohn tochter familie schule arbeit projekt anwendung benutzer sicherheit lange wechseln bitte
danke ich er sie wir ihr dich mich ewig gut schoen haus hund katze kennwort zugang il lo gli uno che chi
non per piu meno bene tutto niente mai nessuno puo fare notte giorno mare acqua fuoco cuore fratello
sorella figlio famiglia scuola lavoro progetto utente sicura sicuro lunga grazie bella bello vita jest
tak co kto gdzie zawsze nigdy nikt moze czas noc dzien ziemia woda ogien serce brat siostra ojciec matka
syn rodzina szkola praca tajny dziekuje kocham cie ciebie dobry dobra zna itu yang dan di ke dari untuk
dengan tidak bukan ada bisa selalu tahu jangan banget kamu aku cinta rumah kerja sekolah aplikasi
panjang aman bir ve bu ne icin ile daha her hic kimse olabilir zaman gece gun ay deniz kalp kardes anne
baba ev okul proje uygulama guvenli seni seviyorum turkiye een het van voor met niet geen wat waar
altijd nooit kan tijd dag zon maan zee vuur hart broer zus moeder huis werk veilig ik jij wij hou kent
ya ty vy on ona eto kak chto gde kogda vsegda nikogda nikto mozhet vremya noch solntse more nebo zemlya
voda ogon serdtse sestra otets mama dom shkola rabota proekt lyublyu tebya moya moego dlya prilozheniya
spasibo krasivaya rossiya hai ka ki ko se nahi kya kaun kahan kabhi sabko saath pyaar dil mera meri tera
mata jai ram shri om namah shivaya bharat desh ghar dost namaste wa ga ni desu masu kore sore nani dare
doko itsumo hito jikan yoru hi tsuki umi sora mizu kokoro ie gakko shigoto sakura arigato konnichiwa
anata ai suki kawaii hao ma de shi mei you zhe na shenme shui nali yongyuan shijian wanshang tian
taiyang yueliang huo xin jia xuexiao gongzuo xiexie zhongguo buyao ban khong cua cho va biet duoc gi yeu
em anh nha truong bi mat khoa vietnam
`;

const COMMON_WORDS = `
from import that return following name are see self list all can else docs get type will have latest
used file only amazon but set which raise should when specified has except try function other using
object its data may version output module append does same isinstance copy command also without error
number format elif case result path into then assert range text than found given where method support
dict instance each check there like create args need while details typing under source core input time
out about bool make after either join instead because specific been true line tuple they before these
match call items update end current available provided argument start both empty single defined them
work above just property even run main index contains different ignore part message would size between
continue uses required cannot since python now license break otherwise possible keys read form parameter
based already doesn always remove false print west option write want include log multiple their expected
common split valid integer optional being how exception base array float kwargs state group way utils
sure right find tags including package point attribute status full level yield special what most func
associated below useful original modify length whether could directory through zero copyright still
context getattr terms software target added mode resource numpy request were lower invalid well account
sympy those left reference free avoid encoding present library process pytest another within standard
delete handle issues many back generated directly means complete sorted exists real map later produces
too hasattr contain language allow content body done written running conditions style parse requires
issue global custom startswith take tree warnings simple itself info east might fail prefix domain item
existing equal exist provide extend behavior until require binary block zip url element our build parser
userguide once enumerate rules internal warning header describe necessary filename count region every
keyword specify sequence affiliates made platform search shape compile field interface during additional
help dictionary large document param apply expression skip operation parent less unittest permission
notice explicitly unless ensure implied link section reason generate own actually event scipy against
actual negative properties sets maximum attr subject complex along control response cache noqa character
decode something stream definition title normal previous convert warn stack cause setting merge missing
repr symbol equivalent loop built gets moto around deprecated limit know usage release related note
location appear copies entry filter width program stop known positive net ones strip show clear yet
inside creating script mapping action namespace longer give math various utilities memory install load
debug similar cli sort place define got display boolean modified rule rather flag pattern exit initial
none off nothing null again util strict dtype structure enabled logic particular separate label future
handling syntax look send date basic anything address distribute fixed received accept general enable
deal kind upper compatible let operator models comment functools override bug role diff relative const
stdout query double writing prior disable metadata wrapper considered granted logging problem condition
whose auto side callable report things position though packaging policy exactly step unknown parsing
active unique applied graph generator few purpose raw compute meta entries identifier determine explicit
expr bound console debian buffer wrong able extension force template view pull page reset exact derived
enough fix hereby connection register outside branch alias implement amazonaws adding wiki protocol
partial down regular matrices model external itertools subclass perform adds limitation color spec
making shall iter iterable greater properly async short validation power arbitrary pair cluster port
validate taken addition probably head important component callback publish image reverse prevent column
attempt follows stderr certain failure tools had fast according entire evaluate features simply unicode
assume difference several runs whole wait statement eval individual supplied person handler compliance
patch having retrieve portions bugs leading reserved runtime produce together further slow follow sell
obtain child term depending underlying team reduce endswith doing absolute happen permit charge setup
effect undefined permitted thing everything scalar singleton total save identity cast inspect represent
low href manuals execution networkx feature words suffix endpoint dumps wrap blob cover whom edge
usually multi collection wikipedia resolve thread warranty scope host located compare schema byte ascii
high expand vector offset whitespace trailing elementary connect faster larger consider static timeout
desired retain catch row sublicense mean plain executable escape constant expect indicate remaining
applies configure across axis furnished helper charset comparison simplify however weight chain choice
record intended transform execute center origin dirname getting bucket precision ndarray direct indices
series choose promote generic track height iteration members consistent higher possibly wrapped
governing email sent factor select reproduce misc arange scheme container await literal hope align
summary detect signal unit broken treated author round stacklevel fully socket enum relevant respect
member fill proper device beginning exec didn recent move throw init who shell numeric setattr readable
fixes linear dist decorator trying depends cdef often union cross family asarray specifies minor sense
square trace infinite creation conversion recursive legacy applicable forward manually behaviour clean
degree datetime pygments construct upon shouldn sparse reshape environ iterator solution going easy
occur receive pragma disclaimer come thus verbose cfnlint ways meth libraries machine export clone
backwards major easier smaller typically slice clause omitted earlier become turn lookup regex
contextlib assigned duplicate ends frame copied native seed flush children suite scale archive seen subs
meant attached span dependent job newline begin interval nodejs inner why debugging hook docstring
exclude amount pretty identical refer changing canonical shown subprocess incorrect optimize assignment
aren dimensions sometimes inverse older partition speed unexpected dimension compiler therefore linalg
fallback rows materials trigger stdin compat success word twice lexer logger history readline backward
post eye validator queue terminal preserved rstrip derivative indent hard temporary generating astype
terminate mechanism leave care finite subsequent regardless polys far fetch fact builtin cancel
direction affect lead repeat hold mozilla subset linux distutils generation extract storage taking
approach indicating invoked remote traceback proxy early pathlib endorse guaranteed suitable inline norm
solve profile ndim easily providing struct calculated progress caller computing removing splitlines hand
assign evaluation abstract reached tool drop chosen pool depth pack manual preferred digits restore
formatted coverage preserve middle jsonschema stuff collect void overridden argv decimal nonzero quote
registry floor importlib initialize setdefault efficient depend stats minimal shortdesc resolution
calculate dispatch normalize unchanged boundary half category bind matter pending skipped stable tries
outer numerical frozenset remain utility managed embedded basis crash successful symbolic gmail parallel
quite dependency dynamic bash party javascript seems dummy introduced positional developer treat
strategy engine law away defining people operating priority say detection owner detailed goes chunk
sympify download ask sync pointer flat satisfy stat potential deep issubclass formatting timestamp
themselves cycle stylesheet getvalue vars username dedent ever rewrite ready mail transfer basename logs
separator textwrap edit period pipe overflow maxsize mock designed sleep descriptor tempfile thrown
especially precedence constraint improve occurred neither loader payload equiv dense closing finished
idea detail slightly comma unlink pickle physics bindings cleanup attach policies regression amzn anyway
kept visible abort polynomial implicit think emit guide figure pick transpose equality trivial dump
border channel mask days lock seek manage font iterate latter identify guess rely doctest background
unused browser batch almost symmetric fine flow bottom isnan abspath giving completion suppress subnet
conflict rename automatic plugin reasonable rank rtol entity invoke combined atol concrete virtual
emitted among recursion bold routine frac doit garbage padding integral wrapping bytearray analysis
coding snapshot setter wish primary relational lineno aware blank prompt urllib libcst translate
notation overwrite conjugate identified maintained kernel hostname marker provider layout runner hence
differ whenever ints updating maps newer dataclass mixed combine reject semantics badge increase divide
usual management prepare sensitive incoming understand disk integrate ending assuming submodule legal
selection inherit factory discard expansion convention frozen ceil linspace fun gateway exclusive dual
grammar truncated silently metaclass diagonal mpmath submit entities prefer verbosity spam lost
executing answer equation deepcopy day contact opts correspond codecs apache counter imag editor lstrip
reuse accurate front smallest threshold botocore grant variant removal cost scaling upstream unsigned
upload errno rational multiply man largest shift hit although button filesystem isfile accuracy listen
finish letter folder recognized margin refs factorial macro remainder distinct hints accessible destroy
year behave describing caching box onto overhead circular maintain tried annotation pure incomplete
imaginary machinery resolver zlib proto distance contrib listener tolerance spawn workaround paragraph
expose posix expensive raising framework topic delay visit fileno dest temp diag past light flatten
guarantee increasing immutable wide deleting careful beyond human procedure glob logo division caught
causing managing replacing fork alternate quiet stopped render mismatch hint segment axes controlled cut
writable comparing arithmetic formula alone capture monitoring modern skipping ignoring duration sale
route mkdir measure minutes transport undirected apigateway impossible succeeds implies simplified
statistics infinity decide retry walk shields supposed explain agent tail sinh nonlocal situations
revision design debugger fraction mimetypes mypy tensor medium convenient discussion checkout prev leak
shutdown isdir principal locale omit darwin redundant portion phase intro soon mapped colon deque evalf
excluding broadcast confirm bare logical situation invocation consists rate propagate cosh agreed supply
cursor community trust atan compressed extent anymore protected sufficient eventually unpack candidate
associate agreement decoding acceptable seem claim directive unable navigation consume slash ravel
helpful declared workflows docutils bgcolor manner timezone exponent shutil royalty setuptools vary
reach highest effective tracing digit reader fname ctypes agree getcwd win rand brackets prime behind
near hack whereas solvers theory loss enforce alive ratio elsewhere exceeded tanh held involved cert
valign cpython kill moment worker finfo redhat upgrade chance decoder someone receiving wasn estimate
assets repl capacity divmod solver tracker slower highlight allocated workflow lets multipart rebase
weakref binaries minimize truncate advanced percent race transition says interpret underline naming
newly randint ability pseudo questions preference protect exceeds namedtuple formatter average fragment
awscli adjust adjacent perhaps mentioned area zone jobs lint cols overload allocation bundle lowercase
acos decorated skipif unlike angle piecewise footer mix presence gnome compliant dark arrow plot
hypothesis compress critical usable leaving printer prototype typical belongs overriding cond matplotlib
anywhere promise grid timedelta respective official attention reflect concurrent strategies asin
isfinite optimal inspector acts compiling cpu gzip material comp storing bygroups protection inclusive
somewhere pipeline primitive fewer evaluating specifier succeed backslash mutable memoryview prec writer
daemon invert modifies stability mistake numerator effort worth serialize hierarchy stripped shorter
offer openssl question developed redirect assertion sharing wrote said ietf advantage magnitude simpler
icon deployment recurse polytools holder unmodified risk plan processor lowest sampling asked singular
fixture pprint coeff errstate alter recommend hours relation underscore minus conj intrinsic exceed
cognito verbatim commercial dropped standalone difficult primarily delimiter tkinter confused pathname
verified theme relies grep contract ordinary overview digest carry requiring anonymous belong queries
infer ambiguous thereof sanity compact changelog opposite swap toggle corner splitext adapted moving
involving defer atoms sysconfig fromkeys operate heap coordinate volume proc illegal layer allclose
damages restrict rtype metrics asyncio vlink dots resolving sentinel contiguous resp lack unset
combining nearest assumption live malformed tagging rmtree neighbors goal warranties interest decision
robust nargs continuous complexity timers idlelib regarding wildcard serve benchmark stdlib overlap
somewhat impact arising indirect declare fatal yourself tabs scan traversal listdir liable obsolete unix
denom dedicated fake pypi basically customize reduction hasn tbody achieve ring subtype publicity draft
symlink caution haven isinf natural unlimited monitor scheduled meaningful cell cancelled schedule
greengrass predicate composite satisfies rewritten solving vstack pertaining loose synopsis frequency
density ownership authorized alignment decoration regexp repeatedly review forget bogus spacing poly
inference sizeof weird couple mkdtemp chdir existence substitute referred backup anchor codec concat
month dirs pieces weak deletion endian resize inject revert latin isolated flexible draw interior metric
xfail central trim sock readme annotated segfault obvious tolist functional reliable proxies findall
solely trademark deps advance friendly preceding trailer articles keyed inferred stringify kwarg overall
owned timer menu honor smart italic late geometry cloud extremely comprehend hstack reasonably ahead
nature fairly rare pause hour heuristic dynamodb multigraph binomial newaxis inclusion benefit invoking
attachment wheel validating vertical minute satisfied lifecycle mind orig ideal resume online confusing
addons consisting yaml viewport validity launch reachable xreplace demand closure allocate uuid
quadratic discrete increment urls bracket itemsize vals googleapis meet notify persistent detach
interact fresh plane untyped ipython gens driver naive multiline introduce trio stay tmpdir variance
intp issubdtype summations governed ensuring merely parties quit tagged asking clock guard safety dotted
mandatory unhandled multiplied normpath travis licensing told recognize accesskey former opposed
expanduser pyplot boolalg behalf deemed immediate dealings bootstrap criteria embedding observed article
patents age peer toctree urlencoded coming goto slots scenario invariant contribute acting builder
tokenize radius populated argparse patent fixing worldwide throughout fashion reply idle shortcut
microsoft vice versa markup shortest boundaries subscript bisect debianized punycode producing micro
gave modulo reload outcome rotation apis approx hashable watch chapter concept activate perl cyclic
atomic piece wise vertices chmod asinh incident algebraic quantum cloudfront subgraph business arch apps
attacks shallow subtract compound saving realpath clip orthogonal pred rsplit submitted essential hang
widget touch shuffle shorthand rich libxslt getter urlparse routing hashlib matmul contrast apart timing
merging suggested eggs vertex addr cloudwatch prog gracefully strftime conf enabling circle compose elem
discovered prune redshift milde portable splitting acquire roughly jump lots prepend balancer hyperbolic
codecommit imply intent news feedback mirror drawn remember efficiency fullname maximal atanh intl
retries devguide mechanics serializer maxiter polyerrors java liability herein ubuntu variety insertion
curl endif horizontal lose decorate disabling lazily ended involves unquote prop mutate syms returncode
quality codegen traverse embed cpan pydantic acosh tricky triangular squeeze printf mass opaque existent
dash traffic straight eliminate dgram derive restart visitor pickling subcommand serial drive quoting
delimited iterating isdigit forever towards stash eslint sums occurrence semantic uppercase focus ident
gone gradient couldn wasi quad toarray recover precise trick escaping came everywhere proceed locate
bypass objective gitweb populate deploy flip detector utcnow untag respond latex universal confusion
pinned recv stopping unbounded semi alongside hardware spurious
`;

/** Lower case, in order of rank. */
export const WORDS: readonly string[] = `${SECRET_WORDS}${FOREIGN_WORDS}${COMMON_WORDS}`.trim().split(/\s+/);
