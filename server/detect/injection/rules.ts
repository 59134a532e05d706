/**
 * One way of putting an injection. `steps` reads from left to right: `@concept` or a word (alternatives by `|`, `^` before what must not
 * be there), with a number between two steps for how many other words may stand there. All of it within one sentence. `score` is what a finding of this rule weighs: 0.95 for what nobody writes otherwise, 0.7 for what a benign
 * text may hold.
 */
export type RuleText = {
  readonly name: string;
  readonly steps: readonly string[];
  readonly score: number;
};

const SAID = '@instructions|@limits|system|training';

/** Names and categories as in OpenRouter's documentation; what it has no name for comes after. Source: OWASP's cheat sheet. */
export const RULES: readonly RuleText[] = [
  // Direct instruction override
  {
    name: 'ignore_previous_instructions',
    score: 0.97,
    steps: [
      `ignore|ignoring|ignores 4 @previous|your|system|developer 3 ${SAID}`,
      `ignore|ignoring 3 @all 2 @instructions|rules|guidelines|restrictions|directives|safeguards`,
      'ignore|ignoring 2 everything|anything|all|what 5 @previous|told|said|@instructions',
      'ignore|ignoring 1 everything|all|anything 1 and',
      'ignore|ignoring 2 instructions|directives|prompt 4 @previous',
    ],
  },
  {
    name: 'disregard_instructions',
    score: 0.97,
    steps: [
      `disregard|disregarding|neglect 4 @previous|@all|your|system 3 ${SAID}`,
      'disregard|disregarding|neglect 2 everything|anything|all|what 5 @previous|told|said|@instructions',
    ],
  },
  {
    name: 'forget_instructions',
    score: 0.96,
    steps: [
      `forget|forgetting|unlearn|erase|wipe 4 @previous|your|system 3 ${SAID}|@said`,
      'forget|unlearn 2 all|any|every 2 @instructions|rules|guidelines|restrictions',
      'forget|unlearn 1 everything|all|anything|what 4 you|before|above|previous|previously|prior|said|told|learned',
      'forget|unlearn 1 everything|all 1 and',
      'forget 1 everything|all 0 that 1 was|were',
    ],
  },
  {
    name: 'new_instructions',
    score: 0.93,
    steps: [
      'your|following|here 2 new|updated|revised|real|actual|true 1 instructions|instruction|directive|directives|rules|objective|goal|task|system 3 is|are|to|follow|:',
      'new|updated|revised|additional|real|actual 1 system|developer|assistant 1 prompt|instructions|message',
      'instructions|directives|rules|guidelines|policy|policies 2 have|has|had|were|are 1 been 1 updated|changed|replaced|revised|superseded|revoked|suspended|lifted|removed',
    ],
  },
  {
    name: 'do_not_follow',
    score: 0.95,
    steps: [
      `don't|not|stop|never|no 1 follow|following|obey|obeying|heed|adhere 4 @previous|your|system|original|any 3 ${SAID}`,
      'stop|cease 1 being|acting|behaving 2 an|a|the|as 2 assistant|ai|chatbot|model',
    ],
  },
  {
    name: 'supersede_instructions',
    score: 0.94,
    steps: [
      `supersede|supersedes|superseding|replaces|overwrites|overrule|overrules|overrides|outrank|outranks 4 @previous|@all|your|system 3 ${SAID}|messages|message`,
      `takes|take|has|have 0 precedence|priority 1 over 3 @previous|@all|your|system 3 ${SAID}|messages`,
    ],
  },
  {
    name: 'void_instructions',
    score: 0.94,
    steps: [
      `@previous|your 3 ${SAID} 3 void|invalid|obsolete|canceled|cancelled|null|nullified|suspended|revoked|lifted|waived|expired|irrelevant|deprecated`,
      `nullify|invalidate|annul|cancel|abandon|revoke 3 @previous|@all|your 3 ${SAID}`,
      `@previous|your 3 ${SAID} 3 no 1 longer 1 apply|valid|applicable|matter|binding`,
    ],
  },
  // Developer and administrator modes
  {
    name: 'developer_mode',
    score: 0.9,
    steps: [
      'enable|enabled|activate|activated|enter|entering|switch|unlock|boot|engage|initiate|now|in|with 4 developer|god|sudo|unrestricted|uncensored|unfiltered|jailbreak|dan 1 mode',
      'you|chatgpt|model|assistant 3 in|into|to|with 2 developer|debug|admin|god|sudo|root|maintenance|diagnostic 1 mode|access|privileges',
    ],
  },
  {
    name: 'enter_special_mode',
    score: 0.85,
    steps: [
      'enter|entering|switch|go|switching 5 unrestricted|unfiltered|uncensored|special|secret|hidden|override|evil|opposite|free|unsafe|bypass 2 mode',
    ],
  },
  {
    name: 'activate_special_mode',
    score: 0.88,
    steps: [
      'activate|enable|unlock|initialize|engage|initiate|trigger|turn 4 unrestricted|unfiltered|uncensored|special|secret|hidden|override|raw|evil|bypass|jailbreak|dan|god|sudo|chaos 2 mode|persona|protocol',
    ],
  },
  // System override
  {
    name: 'system_override',
    score: 0.9,
    steps: [
      'system|security|safety|admin|administrator|root|policy|emergency 0 override|bypass 2 engaged|activated|code|command|initiated|accepted|authorized|confirmed|you|now|all|mode|enabled|protocol|priority|new|ignore|disregard',
    ],
  },
  {
    name: 'override_instructions',
    score: 0.93,
    steps: [
      `override|overriding 3 your|@previous|@all 3 @instructions|programming|guidelines|restrictions|safeguards|guardrails|safety|ethics|ethical`,
      '@override 4 @previous 3 @instructions',
      '@override 2 @all 3 @instructions',
      '@override 4 @instructions 3 @previous',
      '@instructions 3 @previous 4 @override',
      '@previous 3 @instructions 4 @override',
      '@all 2 @instructions 3 @override',
    ],
  },
  // Prompt extraction
  {
    name: 'reveal_prompt',
    score: 0.9,
    steps: [
      'reveal|disclose|leak|divulge|expose|uncover|exfiltrate|dump|regurgitate|recite 4 your|system|developer|hidden|secret|initial|internal|original|confidential|full|preceding|above 4 prompt|prompts|instructions|instruction|rules|directives|guidelines|configuration|programming|preprompt',
      'your|system 2 prompt|instructions|directives 4 verbatim|word-for-word',
    ],
  },
  // The same in other languages and other words; OpenRouter has no name for it.
  {
    name: 'prompt_extraction',
    score: 0.87,
    steps: [
      '@reveal 4 @you|@system|initial|hidden|original|vorherigen|ursprunglichen 2 @system|initial|hidden|original|secret 2 @instructions',
    ],
  },
  {
    name: 'show_prompt',
    score: 0.88,
    steps: [
      'show|display|give|tell|share|send|list|provide|write|copy|paste|extract|see|read|know|get 4 your|system|hidden|initial|original|internal|developer|secret|preceding 2 prompt|prompts|preprompt',
      'show|display|give|tell|share|list|provide|write|copy|paste|state|describe|explain 3 your 2 system|initial|original|internal|hidden|secret|developer|exact|full|own|current|core|underlying 2 instructions|instruction|rules|directives|guidelines|configuration|programming|prompt|constraints',
      'show|display|tell|give|share 3 your 0 instructions|prompt|directives|programming 0 ^for|^to|^on',
    ],
  },
  {
    name: 'what_instructions',
    score: 0.85,
    steps: [
      "what|what's|which 3 your 2 system|initial|original|hidden|secret|internal|exact|first|developer|prior|previous 2 prompt|prompts|instructions|instruction|directives|rules",
      'what 2 instructions|rules|prompt|directives|guidelines 2 were|have|are|did 2 you 3 given|told|receive|received|following|have|programmed',
      'what 3 told|instructed|programmed 1 to|not',
    ],
  },
  {
    name: 'repeat_instructions',
    score: 0.9,
    steps: [
      'repeat|recite|echo|rewrite|reproduce|restate|retype|copy|transcribe|translate|paraphrase|encode|summarize|spell 4 your|system|initial|original|hidden|previous|prior|above|preceding|first|developer 3 prompt|prompts|instructions|instruction|rules|directives|message|messages',
      'repeat|recite|echo|reproduce|output|print|copy|return|say 3 everything|all|words|text|message|messages|sentences|lines|content|paragraphs 3 above|before|preceding|prior|previous 0 ^paragraph|^table',
      'repeat|say|print|output|write|echo 4 you 3 told|instructed|given|said 3 @previous|beginning|start|by|verbatim',
    ],
  },
  {
    name: 'output_prompt',
    score: 0.9,
    steps: [
      'output|print|dump|return|export|emit|render|log|type 4 your|system|initial|original|hidden|above|preceding|developer|full|entire|previous|prior|secret 3 prompt|prompts|instructions|instruction|directives|preprompt|context',
      'begin|start|starting|beginning|starts|begins 3 you 0 are 4 repeat|output|print|include|verbatim|everything',
      'repeat|output|print|include|everything|text|words|prompt 8 starting|beginning|starts|begins|start|begin 3 you 0 are',
    ],
  },
  // Role manipulation
  {
    name: 'remove_restrictions',
    score: 0.9,
    steps: [
      'remove|removed|lift|lifted|drop|without|suspend|suspended|unlock|free|freed|discard|shed 3 your|@all|the|from 3 restrictions|restriction|limitations|limitation|constraints|filters|guardrails|safeguards|censorship|shackles 0 ^on|^for|^in',
      'you|gpt|chatgpt|it|he|she|who|model|that|which|assistant 3 no|without|any|zero 2 ethical|moral|content|safety|legal 2 guidelines|restrictions|limitations|constraints|filters|boundaries|limits|rules|programming|considerations',
      'you|gpt|chatgpt|model|respond|answer 5 without|no|zero 1 any 1 restrictions|restriction|limitations|filters|filter|censorship|guardrails|ethics|morals|refusals',
      'all 2 content|safety|ethical|your 2 restrictions|filters|policies|limitations|guidelines|guardrails 3 suspended|lifted|disabled|removed|off|void|waived',
    ],
  },
  {
    name: 'act_unbound',
    score: 0.9,
    steps: [
      'you|your|act|as|persona|character|gpt|chatgpt|ai|model|bot 6 @unlimited 4 ai|model|assistant|chatbot|gpt|version|entity|bot|persona|robot|llm|mode',
      'no 1 longer|more 1 bound|constrained|limited|restricted|governed|shackled|restrained 2 by',
      'not 1 bound|constrained|restricted|limited|governed 1 by 4 @limits|openai|laws|law|guidelines',
      'free|freed|liberated|unshackled|unchained|escaped 2 from|of 4 @limits|constraints|confines|shackles|openai|chains|programming',
      'broken|break|breaking|breaks|broke 1 free 1 of|from 3 @limits|constraints|confines|openai|programming|chains|typical|norms|shackles',
      'do|can|does 0 anything 0 now',
      '@become 6 @unlimited 4 @model',
      '@you 4 @unlimited 4 @model',
      '@model 5 @unlimited',
    ],
  },
  {
    name: 'pretend_different',
    score: 0.85,
    steps: [
      'pretend|pretending|imagine|act|behave|roleplay|simulate|simulating|assume|respond|answer 6 no|without|lacks|removed|disabled|never|ignores 3 restrictions|limitations|rules|guidelines|ethics|ethical|morals|moral|safety|filters|boundaries|constraints|policies',
      'pretend|imagine|act|behave|respond|answer 4 safety|ethical|content|moderation 3 disabled|off|removed|implemented|exist|gone',
    ],
  },
  {
    name: 'identity_hijack',
    score: 0.85,
    steps: [
      "you|you're 2 now 5 @unlimited|evil|dan|hacked|jailbroken|freed|unshackled",
      "you|you're 2 no 0 longer 2 chatgpt|ai|assistant|an|a|claude|gpt|bound|gemini|bard|llm|language",
      'from|starting 1 now|point|here 4 you 3 are|will|act|become 8 @unlimited|dan|evil|unethical|anything',
      'your 1 new 1 name|identity|role|persona|personality 1 is',
    ],
  },
  // Jailbreaks
  {
    name: 'dan_jailbreak',
    score: 0.9,
    steps: [
      'as|are|be|is|act|called|named|mode|hi|hello|become|the|like 1 dan 1 mode|which|who|has|have|can|will|would|is|does|and|stands|i|you|from|prompt',
      'stands|stand|stans 1 for 2 do|anything|strive|no|can',
    ],
  },
  {
    name: 'jailbreak_mode',
    score: 0.88,
    steps: [
      'jailbreak|jailbroken|jailbreaking 1 mode|yourself|chatgpt|prompt|enabled|activated|gpt|persona|you',
      'you|your|is|are|chatgpt|now|stay|been|in 3 jailbroken|jailbreak',
    ],
  },
  // Safety bypass
  {
    name: 'bypass_safety',
    score: 0.9,
    steps: [
      'bypass|bypassing|circumvent|circumventing 2 your|@previous|@all 3 @instructions|rules',
      'bypass|bypassing|circumvent|circumventing|evade|evading|sidestep|override|overriding|defeat 3 your|all|the|any|openai|its 3 safety|ethical|ethics|moral|content|moderation|censorship|guardrails|safeguards|filters|restrictions|guidelines|alignment|programming',
    ],
  },
  {
    name: 'disable_safety',
    score: 0.9,
    steps: [
      'disable|disabled|deactivate|deactivated|suspend|remove|turn|switch|shut|relax|strip|lift|unset 3 your|all|any|content|safety|off|ethical|the 3 safety|content|ethical|ethics|moral|moderation|censorship|guardrails|safeguards|alignment|safeties 2 filter|filters|measures|protocols|features|guidelines|restrictions|policies|policy|checks|layer|systems|mode|mechanisms|settings|controls|and|completely|guardrails|safeguards|training',
      '@disable 4 @limits 2 @model',
      'disable|deactivate 3 guardrails|safeguards|alignment',
    ],
  },
  {
    name: 'ignore_safety',
    score: 0.92,
    steps: [
      'ignore|ignoring|disregard|forget|violate|break|abandon|dismiss|neglect|set 3 your|all|any|openai|the|ethical|safety|content|moral|aside 4 ethical|ethics|safety|moral|morals|morality|content|openai|guidelines|policy|policies|programming|guardrails|safeguards|alignment|moderation|restrictions 2 guidelines|rules|policy|policies|guardrails|programming|training|considerations|constraints|restrictions|concerns|filters|limitations|and|standards|principles|protocols',
    ],
  },
  {
    name: 'never_refuse',
    score: 0.85,
    steps: [
      "never|not|don't|cannot|can't|won't|no|without 3 refuse|refuses|decline|reject|refusing|refusal|refusals 4 request|requests|answer|question|questions|anything|order|orders|user|command|commands|prompt|comply|to|or",
      "never|not|don't|without|no|any 4 say|says|saying|include|use|respond 5 sorry|apologize|apologies|disclaimer|disclaimers|unethical|illegal|inappropriate 4 @you|i|ai|model|cannot|can't|assist|or|about",
      "never|not|don't|no|without 4 warn|warnings|moralize|moralizing|lecture|disclaimers|disclaimer 5 illegal|legal|legality|moral|morality|ethics|ethical|unethical|dangerous",
      'answer|respond|comply|fulfill|obey 4 @all 4 regardless|no 6 ethics|ethical|illegal|legal|legality|moral|harmful|consequences|matter|safety|policy|dangerous',
    ],
  },
  // What is said to an agent from inside of what it reads
  {
    name: 'task_hijack',
    score: 0.88,
    steps: [
      'before 3 you 3 continue|proceed|answer|complete|solve|respond|finish|summarize 8 must|execute|perform',
      'stop|abandon|cancel|drop|halt|abort|skip 2 your|the|current|this|original|what|previous|user 2 task|tasks|job|work|request|summary|assignment|doing 4 and|instead|now|then|immediately|execute|do',
      'instead 1 of 3 summarizing|answering|doing|analyzing|translating|responding|following|completing|reviewing 8 say|write|output|print|reply|respond|send|do|tell|execute|repeat|please|you',
      'ignore|disregard|forget|skip 4 user|original|main|primary|current|above|previous|real 2 task|request|question|query|job|assignment|goal|text|document|email|content|article',
    ],
  },
  {
    name: 'addressed_to_model',
    score: 0.85,
    steps: [
      'attention|note|notice|message|instruction|instructions|memo|dear|important|hey|urgent|warning 3 to|for|all|ai|llm|:|the 2 ai|llm|llms|chatgpt|gpt|assistant|assistants|agent|agents|bots|crawlers|model|models|claude|copilot|gemini 2 system|systems|model|models|assistant|assistants|agents|reading|processing|summarizing|please|ignore|you|must|that|who|parsing|analyzing|and|agent|bots|reviewing|only',
      'if 2 you 1 are 3 ai|llm|chatgpt|language|assistant|bot|agent|model 6 ignore|please|output|write|include|say|reply|respond|then|must|add|do|send|follow|reading|processing|recommend',
      'ai|llm|language|models|assistants|chatgpt 3 reading|processing|summarizing|analyzing|parsing|reviewing 3 this|the|it|document|page|email|text|message 6 must|should|please|ignore|will|need|are|disregard|include',
      'when|while 3 summarizing|summarize|reading|translating|reviewing|analyzing|processing|responding 6 also|always|must|instead|include|recommend|ignore|mention|say|add 6 secret|password|http|https|visit|recommend|click|credentials|conversation|positive|only|hire|best|excellent|link|email',
    ],
  },
  {
    name: 'exfiltration',
    score: 0.85,
    steps: [
      'send|forward|post|upload|transmit|email|exfiltrate|leak|submit|append|encode|include|transfer 5 conversation|chat|history|prompt|credentials|password|passwords|secrets|tokens|keys|context|messages|session|cookies|env|contacts 6 to|http|https|url|in|attacker|server|webhook|via|endpoint|external 4 http|https|server|attacker|external|url|webhook|@send|endpoint|evil|com|collect|gmail|address|image|parameter',
    ],
  },
  {
    name: 'secret_extraction',
    score: 0.8,
    steps: [
      'reveal|tell|give|show|print|output|say|share|disclose|leak|repeat|spell|divulge|hint|encode 2 the|your 2 secret|password|passphrase|passcode|codeword|access|hidden 1 key|code|word|phrase|you|were|given|stored|verbatim|backwards|letter',
      "what|what's 1 is|was|the 1 the|your 2 secret|password|passphrase|passcode|hidden|access 1 key|code|word|phrase|password",
      '@reveal 3 @secret 4 @you|@system|@instructions',
      '@reveal 4 @you 3 @secret',
    ],
  },
  {
    name: 'fake_authority',
    score: 0.82,
    steps: [
      "i|i'm|am|this|we|we're 5 openai|anthropic|google|developer|creator|administrator|admin|microsoft|developers|engineer|employee|owner|ceo 10 disable|ignore|override|bypass|reveal|unlock|filters|restrictions|unrestricted|safety|prompt|permission|instructions",
      'authorized|authorised|approved|sanctioned|permitted 4 openai|anthropic|admin|administrator|red|penetration|security|developers|developer|ceo|by 8 disable|ignore|bypass|without|unrestricted|filters|restrictions|override|safety|reveal|output',
      'content|safety|ethical|usage 1 policy|policies|filters|restrictions|guidelines|restriction 4 @disable|suspended|lifted|waived|exempt|off|disabled',
      'user|session|account|conversation 4 exempt|whitelisted|cleared|authorized|verified 6 unrestricted|restrictions|filters|policies|policy|filtering|limits|full|all',
    ],
  },
];
