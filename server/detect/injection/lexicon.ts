/**
 * Words by what they mean to a rule, in some twenty languages. `stem*` matches by prefix, `two_words` in sequence, and what is written
 * in a script without word breaks (or with affixes) is looked for anywhere in the text. Written after normalisation: lower case, no
 * diacritics on Latin, Greek and Cyrillic letters.
 */
export const LEXICON = {
  /** To set aside what was said. */
  override: `ignore ignores ignored ignoring disregard* forget forgets forgetting override overrides overriding overrule supersede* bypass*
    discard discards discarding neglect void voids nullify nullified invalidate* unlearn abandon set_aside pay_no_attention do_not_follow
    don't_follow dont_follow stop_following do_not_obey don't_obey stop_obeying no_longer_apply no_longer_valid not_apply overwrite
    overwrites circumvent* sidestep get_around erase wipe scrap skip_all toss_out throw_away throw_out leave_behind cast_aside
    ignorier* vergiss vergesst vergessen missacht* verwirf verwerfe* umgehe umgehen uberschreib* ausser_acht
    ignorez ignore_les oublie oubliez oublier neglige* contourn* outrepass* fais_abstraction faites_abstraction
    ignora ignorad ignoren ignorar ignoras olvida olvidad olvide olviden olvidate descarta* omite omitir anula* sobrescrib* pasa_por_alto
    ignorare ignorate dimentica* scorda* tralascia* trascura* scavalca* aggira*
    ignorem esqueca esquece esquecer desconsider* desprez* contorn* burl*
    negeer negeren vergeet omzeil* ignoreer*
    zignoruj* ignoruj* zapomnij* pomin* odrzuc* obejdz
    игнориру* проигнориру* забудь* забыть отмени* обойди* обойти пренебреги* не_обращай отброс* ігнору* забудьте
    yoksay* gormezden unut unutun dikkate_alma gecersiz_kil* atla
    abaikan lupakan bo_qua quen
    ignorera ignorer glom glem unohda ohita ignoreaza uita zignoruj αγνοησ* ξεχασ*
    ~忽略 ~无视 ~無視 ~忘记 ~忘記 ~忘掉 ~不要理会 ~抛开 ~绕过 ~覆盖 ~撤销
    ~無視して ~無視し ~忘れて ~忘れろ ~従わないで ~破棄し
    ~무시 ~잊어 ~잊고
    ~تجاهل ~انس ~تخط
    ~अनदेखा ~नज़रअंदाज ~नजरअंदाज ~भूल_जाओ ~भूल_जा ~भूल
    ~উপেক্ষা ~ভুলে
    ~ไม่ต้องสนใจ ~เพิกเฉย ~ละเว้น ~ลืม ~התעלם ~תתעלם ~שכח`,
  /** What was said to the model. */
  instructions: `instruction instructions prompt prompts directive directives directions guidance preprompt pre-prompt metaprompt programming
    initialization preamble system_message system_messages sysprompt briefing orders commands context_above
    anweisung* instruktion* aufforderung* befehl* vorgabe* systemprompt* aufgabenstellung*
    consigne* directive* invite_systeme instrucciones instruccion indicaciones ordenes directrices directivas
    istruzion* direttiv* comandi instrucoes instrucao ordens comandos diretiv*
    instructie* opdracht* aanwijzing* instrukcj* polecen* wytyczn* instrukt*
    инструкци* указани* команд* директив* промпт* предписан* інструкц* вказівк*
    talimat* komut* yonerge* instruksi perintah huong_dan chi_dan lenh
    οδηγι* εντολ* instructiun* pokyn*
    ~指令 ~指示 ~提示词 ~提示詞 ~系统提示 ~命令 ~プロンプト ~指示を ~指示は ~指图 ~说明
    ~지시 ~명령 ~프롬프트 ~지침
    ~تعليمات ~التعليمات ~أوامر ~الأوامر ~توجيهات
    ~निर्देश ~आदेश ~প্রম্পট ~নির্দেশ ~คำสั่ง ~คำแนะนำ ~พรอมต์ ~הוראות ~ההוראות ~प्रॉम्प्ट`,
  /** What holds the model back. */
  limits: `rule rules guideline guidelines restriction restrictions limitation limitations constraint constraints filter filters policy policies
    ethic ethics ethical moral morals morality safety safeguard safeguards guardrail guardrails censorship boundaries protocols
    protections alignment moderation content_policy compliance
    regel regeln richtlinie* einschrankung* beschrankung* vorschrift* sicherheit* ethik ethisch* zensur
    regle regles restriction* limites contraint* ethique garde-fous filtres censure
    regla* restriccion* limite* limitacion* etica filtro* censura normas politicas
    regole regola restrizion* limitazion* vincol* etich* filtri
    regras regra restric* limitac* diretrizes politicas
    regels beperking* richtlijn* zasad* ogranicze* filtr* zabezpiecze*
    правил* ограничени* фильтр* этик* этическ* цензур* безопасност* обмежен*
    kural* kisitlama* sinirlama* filtre* aturan batasan quy_tac gioi_han
    ~规则 ~規則 ~限制 ~约束 ~道德 ~伦理 ~审查 ~政策 ~ルール ~制限 ~倫理 ~ガイドライン ~규칙 ~제한 ~윤리 ~القواعد ~قيود ~القيود ~नियम ~प्रतिबंध ~নিয়ম ~กฎ ~ข้อจำกัด ~כללים`,
  /** That it was said before. */
  previous: `previous previously prior above earlier preceding foregoing aforementioned former past existing initial original preexisting
    pre-existing so_far up_to_now until_now before_this told_before given_before beforehand
    vorherig* bisherig* obig* vorangegangen* vorangehend* fruher* ursprunglich* vorig* zuvor bisher
    precedent* anterieur* ci-dessus initiales anterior* previ* hasta_ahora precedent* antecedent* sopra
    anterior* acima vorige eerdere bovenstaande voorgaande poprzedni* wczesniejsz* powyzsz*
    предыдущ* прежни* ранее выше* предшествующ* попередн* onceki yukaridaki sebelum* di_atas truoc do
    tidigare forrige aiemmat προηγουμεν* anterioare predchoz*
    ~之前 ~以前 ~上面 ~先前 ~上述 ~此前 ~以上 ~これまで ~上記 ~前の ~今までの ~이전 ~위의 ~지금까지 ~السابقة ~أعلاه ~पिछल ~पूर्व ~ऊपर ~পূর্ববর্তী ~আগের ~ก่อนหน้า ~ข้างต้น ~הקודמות`,
  all: `all any every everything anything whatever entire entirely completely totally whole
    alle alles jede samtlich* gesamt* komplett* tout tous toute toutes todo todos todas tutto tutte tutti tudo wszystk* все всё всех bütün tum
    semua tat_ca hepsini herkes alla ~所有 ~一切 ~全部 ~任何 ~すべて ~全て ~全部 ~모든 ~كل ~जमीع ~सभी ~सब ~সমস্ত ~সব ~ทั้งหมด ~כל`,
  /** To bring to light. */
  reveal: `reveal* show print output display repeat recite disclose* leak divulge expose share echo dump spell transcribe paraphrase
    translate summarize summarise encode reproduce regurgitate tell write list quote expose copy paste extract return state give provide
    what_is what's what_are what_were what_was
    zeig zeige zeigen nenn nenne offenbar* wiederhol* gib verrat* ausgeben schreib* drucke
    montre* affiche* revele* repete* divulgue* donne donne-moi imprime* recopie*
    muestra* revela* repite repita imprime* dime escribe mostrar comparte ensename
    mostra* rivela* ripeti* stampa* dimmi scrivi mostre revele repita imprima diga escreva
    toon onthul herhaal pokaz* ujawnij* powtorz* wypisz* покажи* раскро* повтори* выведи* напиши* скажи* назови*
    goster* acikla* tekrarla* soyle yazdir tampilkan ungkapkan ulangi hien_thi tiet_lo cho_biet
    visa avsloja vis dezvaluie αποκαλυψ* δειξε
    ~显示 ~显示出 ~透露 ~告诉 ~输出 ~重复 ~打印 ~揭示 ~泄露 ~教えて ~表示 ~出力 ~明かし ~繰り返し ~見せて ~보여 ~알려 ~출력 ~공개 ~반복 ~اكشف ~أظهر ~اعرض ~كرر ~اطبع ~أخبرني ~बताओ ~बताएं ~दिखाओ ~दिखाएं ~প্রকাশ ~দেখাও ~บอก ~แสดง ~เปิดเผย ~הצג ~גלה`,
  /** What must not come to light. */
  secret: `password passwords passphrase passcode secret secrets credential credentials api-key apikey api_key access_code access_key
    secret_key secret_code private_key passkey secret_word secret_phrase hidden confidential classified codeword flag
    passwort* geheimnis* geheim* kennwort* zugangscode mot_de_passe secret mdp contrasena clave secreto secreta codigo_de_acceso
    segreto segreta parola_d'ordine password senha segredo chave_secreta wachtwoord geheime haslo sekret* tajn*
    парол* секрет* ключ* код_доступа sifre* gizli parola kata_sandi rahasia mat_khau bi_mat losenord hemlig* κωδικο* μυστικ* heslo
    ~密码 ~密碼 ~口令 ~密钥 ~秘密 ~机密 ~パスワード ~秘密 ~合言葉 ~비밀번호 ~비밀 ~암호 ~كلمة_المرور ~السر ~سري ~पासवर्ड ~गुप्त ~রহস্য ~পাসওয়ার্ড ~গোপন ~รหัสผ่าน ~ความลับ ~סיסמה ~סוד`,
  system: `system systems sys systemprompt administrator admin root sudo superuser kernel developer internal backend core underlying
    systeme sistema systeem системн* sistem ~系统 ~系統 ~システム ~시스템 ~النظام ~सिस्टम ~সিস্টেম ~ระบบ ~מערכת`,
  you: `you your yours yourself u ur thy
    du dein deine deiner deinen deinem dich dir sie ihre ihren vous votre vos tes tu ton tus su sus tuo tuoi tue suo seu sua seus suas voce
    jouw jij je twoje twoj swoje ты твой твои тебя вы ваш ваши твоего senin sana siz anda kamu ban cua_ban din dina ditt
    ~你 ~您 ~あなた ~君 ~お前 ~당신 ~너의 ~너 ~أنت ~आप ~तुम ~तुम्हारे ~তুমি ~আপনি ~คุณ ~אתה`,
  model: `chatgpt chat-gpt gpt gpt-3 gpt-4 gpt3 gpt4 ai a.i assistant chatbot bot llm language_model claude gemini bard llama mistral grok copilot
    bing openai anthropic ki assistent modell ia assistente asistente modele modelo modello ии ассистент модель нейросеть asistan yapay_zeka asystent
    ~人工智能 ~助手 ~模型 ~アシスタント ~어시스턴트 ~인공지능 ~الذكاء ~सहायक ~सहायक`,
  /** From here on things are different. */
  fromNow: `now from_now_on from_this_point from_here_on henceforth hereafter going_forward instead starting_now new updated revised
    for_the_rest effective_immediately replaced replace replaces immediately only
    ab_jetzt von_nun_an jetzt stattdessen neue neuen neuer desormais maintenant dorenavant a_partir_de_maintenant nouvelle* nouveau*
    a_partir_de_ahora ahora desde_ahora nuevas nuevos nueva en_su_lugar d'ora_in_poi adesso invece nuove nuova a_partir_de_agora agora novas
    vanaf_nu nu nieuwe od_teraz teraz nowe теперь отныне с_этого_момента вместо новые новая новых bundan_sonra artik yeni simdi sekarang mulai_sekarang baru bay_gio
    ~现在 ~从现在 ~今后 ~新的 ~从此 ~今から ~これから ~新しい ~代わりに ~이제부터 ~지금부터 ~새로운 ~대신 ~الآن ~الجديدة ~من_الآن ~अब ~नए ~এখন ~নতুন ~ตอนนี้ ~จากนี้ ~ใหม่ ~מעכשיו`,
  /** To be somebody else. */
  become: `act pretend* roleplay* role-play* role-playing roleplaying impersonat* emulate* simulat* imagine behave become* persona character
    playing_the_role play_the_role take_the_role take_on_the_role assume_the_role in_character stay_in_character you_are_now you're_now
    transform alter_ego embody adopt acting immerse speak_as respond_as answer_as reply_as
    spiel spiele spielst tu_so verhalte* stell_dir_vor handel handle benimm agis agissez fais_comme joue jouez imagine_que comporte-toi fais_semblant
    actua actue finge imagina comportate haz_de interpreta* agisci fingi comportati immagina atue aja finja imagine_que comporte-se
    doe_alsof gedraag udawaj zachowuj wciel притворись представь* веди_себя действуй играй rol_yap davran bertindak berpura-pura hay_dong_vai dong_vai
    ~扮演 ~假装 ~想象 ~充当 ~扮作 ~演じて ~なりきって ~ふりをして ~역할 ~행동해 ~연기 ~척 ~تظاهر ~تصرف ~العب_دور ~अभिनय ~नाटक ~अभिनय ~অভিনয় ~แสร้ง ~สวมบทบาท`,
  /** Without what holds it back. */
  unlimited: `unrestricted unfiltered uncensored unlimited unbound unshackled unchained unhinged limitless amoral immoral unethical jailbroken jailbreak
    jailbreaking liberated freed rebellious rogue evil malicious ruthless unbiased unaligned unmoderated lawless free_of free_from freed_from no_longer_bound
    not_bound without_restrictions without_limits without_limitations without_filters without_filter no_restrictions no_limits no_rules no_filters
    no_limitations no_restriction no_ethical no_moral no_morals no_ethics no_boundaries do_anything_now anything_goes broken_free break_free do_anything hacked
    uneingeschrankt* unzensiert* ungefiltert* grenzenlos* ohne_einschrankung* ohne_regeln ohne_filter sans_restriction* sans_limite* sans_filtre* sans_censure
    sin_restricciones sin_filtros sin_limites sin_censura senza_restrizioni senza_filtri senza_limiti senza_censura sem_restricoes sem_filtros sem_limites sem_censura
    onbeperkt zonder_beperkingen bez_ogranicze* без_ограничени* без_цензуры без_фильтр* неограничен* sinirsiz sansursuz tanpa_batasan tanpa_batas khong_gioi_han
    ~不受限制 ~没有限制 ~无限制 ~不受任何 ~越狱 ~無制限 ~制限なし ~脱獄 ~제한_없 ~제한없 ~탈옥 ~بلا_قيود ~بدون_قيود ~बिना_किसी ~সীমাহীন ~ไม่มีข้อจำกัด ~ไร้ข้อจำกัด`,
  not: `no not never don't dont doesn't won't cannot can't cant without neither nor must_not avoid none nothing isn't aren't shouldn't
    nicht kein keine keinen nie niemals ohne pas jamais sans aucun* no nunca sin ningun* non mai senza nao sem nenhum* niet nooit geen nie nigdy bez
    не нет никогда без hayir asla olmadan jangan tidak tanpa khong ~不 ~没有 ~不要 ~ない ~しない ~않 ~لا ~بدون ~नहीं ~बिना ~না ~ไม่`,
  /** To say no. */
  refuse: `refuse* refusal* decline* reject* apologize* apologise* apology apologies sorry warning warnings disclaimer disclaimers lecture* moraliz* censor* unable
    i_can't i_cannot comply complies obey obeys obedient obedience consent judge judgement judgment question
    verweiger* ablehn* weiger* refuser refusez negar rechaz* rifiut* recus* weiger* odmawia* отказыва* отказ* предупрежден* reddet*
    ~拒绝 ~警告 ~断らない ~拒否 ~거부 ~رفض ~ترفض ~इनकार`,
  /** What no one should help with. */
  harm: `illegal* unlawful* crime* criminal* hack hacking hacker malware ransomware keylogger* virus bomb bombs explosive* weapon weapons meth methamphetamine cocaine drugs
    napalm molotov poison* kill* murder* suicide steal* stolen theft fraud* scam* phish* counterfeit launder* terror* racist racism hate_speech hateful slur* porn* nsfw erotic* sexual*
    violent violence gore torture exploit exploits ddos botnet offensive harmful dangerous unsafe toxic inappropriate controversial profanity swear curse* explicit misinformation disinformation
    illegal* gefahrlich* waffe* bombe drogen illegale* dangereux bombe drogue* ilegal* peligros* bomba drogas illegal* pericolos* armi незаконн* опасн* взлом* бомб* оруж* наркотик* yasadisi
    ~非法 ~违法 ~有害 ~危险 ~炸弹 ~毒品 ~黑客 ~違法 ~爆弾 ~불법 ~폭탄 ~غير_قانوني ~अवैध`,
  mode: `mode modes dan stan dude aim devmode godmode jailbreak override unlocked protocol level privileges privilege access modus modo modalita режим* mod moda tryb
    ~模式 ~モード ~모드 ~وضع ~मोड ~โหมด`,
  enable: `enable* activate* enter entering switch* unlock* engage initiate initialize boot reboot launch start begin entering grant granted authorize elevate turn_on
    aktivier* schalte active* activez activa* attiva* ative activeer wlacz* активиру* включи* etkinlestir* aktifkan kich_hoat ~启用 ~激活 ~开启 ~进入 ~切换 ~有効 ~起動 ~활성화 ~تفعيل ~فعل ~सक्रिय`,
  disable: `disable* deactivate* remove* suspend* suspended lift lifted turn_off turned_off switch_off shut_off shut_down unset disengage revoke* waive* cancel* relax* drop loosen strip exempt exempted
    deaktivier* entfern* aufgehoben desactive* supprime* desactiva* elimina* disattiva* rimuovi desative remova wylacz* usun* отключи* деактивиру* сними* devre_disi nonaktifkan tat
    ~禁用 ~关闭 ~解除 ~取消 ~無効 ~解除し ~해제 ~비활성화 ~تعطيل ~عطل ~अक्षम`,
  fiction: `fiction* hypothetical* fantasy imaginary story novel screenplay script scene game movie film play dialogue narrator narrative universe world thriller novelist author writer
    geschichte fiktiv* roman histoire roman fictif* jeu historia ficcion juego cuento storia gioco romanzo ficcao jogo рассказ* роман вымышлен* игр* oyun hikaye cerita
    ~故事 ~小说 ~游戏 ~虚构 ~物語 ~ゲーム ~架空 ~소설 ~게임 ~قصة ~कहानी`,
  urgent: `important urgent urgently attention critical crucial vital notice priority alert essential imperative mandatory emergency must required note announcement message
    wichtig* dringend* achtung hinweis* important* urgent* attention importante* urgente* atencion aviso attenzione importantissim* atencao belangrijk wazne uwaga важно* внимание срочно* onemli dikkat penting perhatian quan_trong
    ~重要 ~注意 ~紧急 ~緊急 ~중요 ~주의 ~مهم ~انتباه ~महत्वपूर्ण ~ध्यान`,
  task: `task tasks answer answers answering respond* response responses reply replies output request requests question questions summary summarizing summarization job assignment goal objective
    aufgabe* antwort* antworte* frage tache* reponse* repond* tarea* respuesta* respond* pregunta* compito risposta rispond* tarefa resposta respond* taak antwoord* zadani* odpowied* задач* задани* ответ* вопрос* gorev* yanit* cevap* tugas jawab* nhiem_vu tra_loi
    ~任务 ~回答 ~问题 ~タスク ~回答 ~答え ~질문 ~답변 ~작업 ~المهمة ~أجب ~कार्य ~उत्तर ~জবাব`,
  sequence: `before after first then next once afterwards finally proceed proceeding continue continuing beforehand finish done zuerst dann bevor danach avant ensuite d'abord antes despues primero prima dopo antes depois primeiro eerst sperva сначала потом прежде затем once sonra lebih_dahulu
    ~首先 ~然后 ~接着 ~まず ~その後 ~먼저 ~다음 ~أولا ~ثم ~पहले ~फिर`,
  /** To send away. */
  send: `send sends sending forward forwards email emails e-mail mail transmit* upload* post posts transfer* exfiltrate* submit deliver http https url webhook fetch curl
    sende* schick* envoie* envoyer envoyez envia* enviar envie mandar manda* invia* inoltra* stuur* wyslij* отправ* перешл* gonder* kirim* gui ~发送 ~转发 ~送信 ~送って ~보내 ~전송 ~أرسل ~भेज ~পাঠা ~ส่ง`,
  /** To the letter. */
  verbatim: `verbatim word_for_word word-for-word letter_for_letter exactly exact full entire complete starting_with beginning_with begin_with starts_with beginning start_of first_line everything_above
    text_above words_above line_by_line code_block markdown base64 rot13 reverse backwards wortlich* wort_fur_wort vollstandig* genau mot_a_mot mot_pour_mot palabra_por_palabra textualmente parola_per_parola palavra_por_palavra
    дословно слово_в_слово полностью kelimesi_kelimesine kata_demi_kata ~逐字 ~原文 ~完整 ~一字一句 ~そのまま ~全文 ~그대로 ~전문 ~حرفيا ~शब्दशः`,
  /** By what right. */
  authority: `developer developers engineer engineers administrator admin authorized authorised authorization researcher red_team red-team penetration audit auditor debug debugging maintenance diagnostic diagnostics openai anthropic google microsoft creator creators owner ceo permission clearance verified whitelisted approved testing test
    entwickler* administrator* autorisiert* developpeur* administrateur* autoris* desarrollador* administrador* autorizad* sviluppator* amministrator* autorizzat* desenvolvedor* ontwikkelaar* beheerder разработчик* администратор* авторизован* gelistirici* yonetici* pengembang
    ~开发者 ~管理员 ~开发人员 ~授权 ~開発者 ~管理者 ~개발자 ~관리자 ~مطور ~المسؤول ~डेवलपर ~प्रशासक`,
  /** Whose it is. */
  mine: `my mine me user users user's customer client recipient our i'm mein meine mir mon mes ma moi mi mis mio mia meu minha mijn moj moje мой мои мне benim saya ~我的 ~我 ~私の ~私 ~내 ~나의 ~لي ~मेरा ~मेरी ~मुझे`,
  /** Talk about what was said: the text itself. */
  said: `told said given received asked read wrote written text message messages conversation chat context history words sentence paragraph content contents sentences discussed mentioned everything
    gesagt text gespräch gesprach unterhaltung conversation texte conversacion texto conversazione testo conversa gesprek rozmow* tekst* разговор* текст* сообщени* sohbet metin percakapan teks ~对话 ~内容 ~文字 ~会話 ~内容 ~文章 ~대화 ~내용 ~텍스트 ~المحادثة ~النص ~बातचीत`,
} as const;

export type Concept = keyof typeof LEXICON;
export const CONCEPTS = Object.keys(LEXICON) as readonly Concept[];
