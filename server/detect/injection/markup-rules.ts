/** Markup that speaks with another's voice: role tags, control tokens, hidden images. Each begins with a literal that is looked for first. */
export type MarkupRule = {
  readonly name: string;
  /** One of these must be in the normalised text, or the pattern is not tried. */
  readonly literals: readonly string[];
  /** Linear: no repetition within a repetition, and every repetition bounded. */
  readonly pattern: RegExp;
  readonly score: number;
};

/** Patterns are for normalised text: lower case. */
export const MARKUP_RULES: readonly MarkupRule[] = [
  {
    name: 'control_token_injection',
    literals: ['<|', '[inst', '<<sys', '<s>', '[/inst', '<start_of_turn', '<end_of_turn'],
    pattern:
      /<\|(?:im_start|im_end|im_sep|eot_id|start_header_id|end_header_id|endoftext|begin_of_text|system|user|assistant|end|eom_id|channel|start|message)\|>|\[\/?inst\]|<<\/?sys>>|<(?:start|end)_of_turn>/g,
    score: 0.93,
  },
  {
    name: 'deepseek_control_token_injection',
    literals: ['<|', '▁of▁', 'begin▁'],
    pattern:
      /<\|(?:begin|end)[▁_ ]of[▁_ ](?:sentence|thinking)\|>|<\|(?:user|assistant|tool▁(?:calls|outputs?)[▁_ ](?:begin|end))\|>/g,
    score: 0.93,
  },
  {
    name: 'system_tag_injection',
    literals: [
      '<system',
      '</system',
      '<sys_',
      '<admin',
      '</admin',
      '<developer',
      '</developer',
      '<instructions>',
      '</instructions>',
      '</prompt',
      '</user',
      '</data',
      '</document',
      '</context',
      '</input',
    ],
    pattern:
      /<\/?(?:system|admin|developer)(?:[ _-]?(?:prompt|message|instructions?|command|override|note|update))?\s{0,5}>|<\/(?:prompt|user_?input|user|data|document|context|input)>\s{0,20}<?(?:system|instructions?|new|admin|ignore)/g,
    score: 0.86,
  },
  {
    name: 'role_tag_injection',
    literals: ['<assistant', '<human', '</assistant', '</human', '<user>'],
    pattern: /<\/?(?:assistant|human)>|<user>[^<]{0,200}<\/user>\s{0,9}<assistant>/g,
    score: 0.8,
  },
  {
    name: 'bracketed_role_spoofing',
    literals: ['[system', '[admin', '[developer', '[/system', '[end ', '[new ', '[internal'],
    pattern:
      /\[\/?(?:system|admin|administrator|developer)(?:[ _-](?:message|prompt|note|override|instructions?|update|command|notice|alert))?\s{0,3}(?:\]|:[^\]\n]{0,300}\])|\[(?:end|new)(?: of)? (?:system )?(?:prompt|instructions?|context|message|input)\]/g,
    score: 0.85,
  },
  {
    name: 'system_prefix_spoofing',
    literals: [
      'system:',
      'system prompt:',
      'system message:',
      'developer:',
      'system instruction',
      'assistant:',
      'admin:',
      'system override',
      'system notice',
      'system alert',
    ],
    pattern:
      /(?:^|\n)[ \t#*>-]{0,6}(?:system(?: (?:prompt|message|instructions?|override|note|notice|update))?|developer(?: message)?|admin(?:istrator)?(?: (?:message|note|override))?)[*]{0,2}:[*]{0,2}[ \t]{0,5}(?:\n[ \t]{0,5})?(?=you |your |ignore|disregard|forget|new |the user|the assistant|override|all |from now|respond|reveal|enable|disable|print|output|repeat|always|never|act )/g,
    score: 0.88,
  },
  {
    name: 'role_delimiter_injection',
    literals: ['### ', '###', '--- ', '---', '===', '***', '"""', '```', '%%'],
    pattern:
      /(?:#{2,5}|-{3,12}|={3,12}|\*{3,12}|%{2,4}|>{3,6})\s{0,3}(?:(?:end|start|begin|new|stop)(?: of)?(?: the)?\s)?(?:system|user|developer|previous|admin|hidden|internal)?\s?(?:system (?:prompt|message|instructions?|override)|end of (?:prompt|instructions?|context|input|document|text|data)|new (?:instructions?|task|prompt|system)|(?:system|hidden|admin|developer) instructions?|inject:|user (?:query|request|input) ends?)[^\n]{0,20}/g,
    score: 0.8,
  },
  {
    name: 'markdown_exfiltration',
    literals: ['![', '<img'],
    pattern:
      /!\[[^\]\n]{0,200}\]\(https?:\/\/[^)\s]{1,300}(?:[{<[]{1,2}[^)\s]{0,60}(?:prompt|history|conversation|message|secret|data|password|token|context|user|answer|summary)|(?:[?&](?:prompt|history|conversation|message|secret|password|token|context|data|q)=(?:insert|your|the|\[|<|\{|%7b)))/g,
    score: 0.85,
  },
  {
    name: 'hidden_comment_instruction',
    literals: ['<!--', '/*', 'display:none', 'font-size:0', 'display: none'],
    pattern:
      /<!--[^>]{0,40}(?:hidden instruction|ignore (?:all|any|previous|the|your)|instruction to|ai:|llm|assistant:|system:|prompt injection|override)[^>]{0,300}|(?:display:\s?none|font-size:\s?0)[^>]{0,80}>[^<]{0,80}(?:ignore|disregard|instruction|system|you must|assistant)/g,
    score: 0.8,
  },
];
