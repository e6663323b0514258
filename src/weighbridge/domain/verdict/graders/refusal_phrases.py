"""Phrases by which models decline and say that they do not know, for folded text (small letters, straight quotes)."""

from __future__ import annotations

import re

_DO = (
    "help|assist|provide|share|give|do (?:that|this|so)|write|create|support|comply|fulfil|fulfill|engage|discuss"
    "|disclose|reveal|tell|answer|offer|generate|produce|participate|explain|show|make|send|print|repeat|advise"
    "|diagnose|prescribe|claim|pretend|guess|browse|access|look up|check"
)
_CANNOT = "can't|cannot|can not|won't|will not|couldn't|could not|am not going to|'m not going to|must not"
_UNABLE = "unable|not able|not allowed|not permitted|not authori[sz]ed|not in a position"

WILL_NOT = tuple(
    map(
        re.compile,
        (
            rf"\b(?:i|we)(?: |')?(?:{_CANNOT}) (?:\w+ ){{0,2}}?(?:{_DO})\b",
            rf"\b(?:{_UNABLE}) to (?:\w+ )?(?:{_DO})\b",
            r"\b(?:i|we) (?:must |have to |will )?(?:decline|refuse)\b",
            rf"\b(?:sorry|afraid|apologi[sz]e)\b[^\n]{{0,60}}?\b(?:{_CANNOT}|{_UNABLE})",
            r"\bagainst (?:my|our|the) (?:\w+ )?(?:guidelines|polic(?:y|ies)|principles|rules)\b",
            r"\b(?:it|that|this) (?:would be|is) (?:illegal|unethical|unsafe|irresponsible)\b",
            "(?:手伝い|手伝う|答え|教え|伝え|提供|支援|協力|回答|対応|引き受け|開示|案内|お見せ|公開|助言|診断|処方|作成|共有)"
            "(?:する)?(?:こと)?[はがをもに]?(?:お)?(?:でき(?:ません|ない|かね)|致?しかね|いたしかね|応じられ|られません|えません)",
            "(?:申し訳|すみません|ごめんなさい|恐れ入ります)[^\n]{0,60}?(?:できません|できない|かねます|られません)",
            "(?:お断り|拒否)(?:し|いた|致)",
            "(?:无法|無法|不能|不可以|不会|不會|不便|没办法|沒辦法)[^。\n]{0,12}?"
            "(?:提供|帮|幫|协助|協助|透露|分享|满足|滿足|告诉|告訴|给出|給出|编写|編寫|撰写|参与|支持|诊断|泄露|洩露|公开|公開|开具)",
            "(?:抱歉|对不起|對不起|很遗憾)[^\n]{0,20}?(?:不能|无法|無法|不会|不會|不便|不可以)",
            "(?:拒绝|拒絕|婉拒)(?:回答|提供|了|这|該|该|你|您)",
        ),
    )
)
"""Declining to do what was asked."""

_STATED = (
    "say|state|mention|specify|contain|include|give|provide|tell|indicate|cover|answer|list|name|hold|describe|show"
    "|address|discuss|reveal"
)

DOES_NOT_KNOW = tuple(
    map(
        re.compile,
        (
            rf"\b(?:does not|doesn't|do not|don't|did not|didn't) (?:explicitly |actually |directly )?(?:{_STATED})\b"
            r"(?! (?:otherwise|more|anything else|differently)\b)",
            r"\b(?:(?:is|are|was|were) not|isn't|aren't|wasn't|weren't) (?:\w+ )?"
            r"(?:mentioned|stated|given|specified|provided|included|known|available|listed|covered|named|described"
            r"|in the (?:\w+ )?(?:note|text|context|document|passage)s?)\b",
            r"\bi (?:do not|don't) (?:know|have)\b",
            r"\b(?:no|not enough|insufficient|lacks?(?: any| the)?) (?:such |relevant )?"
            r"(?:information|mention|details?)\b",
            r"\b(?:can't|cannot|can not|could not|couldn't|unable to|not possible to|impossible to)"
            r" (?:be )?(?:determined?|answer(?:ed)?|tell|said?|known?|find|found|infer(?:red)?|derived?|judged?)\b",
            r"\bunanswerable\b|\b(?:is|remains) (?:unknown|unclear|unspecified)\b|\bnot sure\b",
            "(?:記載|情報|記述|言及|説明|規定|書かれて|書いて|載って|述べられて|示されて|含まれて|触れられて|触れて)"
            "(?:が|は|も)?(?:されて)?(?:は)?(?:ありません|ない|おりません|いません|いない|なし|ございません|見当たり|見つかり)",
            "(?:分|わ)か(?:りません|らない|りかね)|知りません|存じません|不明|判断(?:が|は)?できません|判断できない|答えられません",
            "(?:没有|沒有|未|并未|並未|无|無|没|沒)(?:有|被|明确|明確|具体)?"
            "(?:提及|提到|说明|說明|说|說|记载|記載|写明|写|寫|给出|給出|包含|涉及|提供|列出|相关|相關|规定|信息)",
            "不知道|不清楚|不确定|不確定|未知|(?:无法|無法|不能)[^。\n]{0,12}?(?:确定|確定|判断|判斷|回答|得知|知道|推断|找到)",
            "(?:没有|沒有)[^。\n]{0,12}?(?:信息|資訊|内容|說明|说明|记录|記錄)",
        ),
    )
)
"""Saying that the answer is not there, or not known."""
