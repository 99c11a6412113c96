"""What a voice says when it is measured: one sentence again and again, six sentences, six longer texts.

Written for this. Between them, the sentences of a language hold most of its sounds, statements, questions and calls;
they never change, so that measures taken years apart can be compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from studio.words import Words

SEEDS = 6  # with which the one sentence is said


@dataclass(frozen=True)
class Texts:
    """The texts of one language."""

    same: str  # said with several seeds
    sentences: tuple[str, ...]
    long: tuple[str, ...]


TESTS: Mapping[str, Words] = {
    "same": Words("one sentence, six times", "同一句话，六遍"),
    "sentences": Words("six sentences", "六句不同的话"),
    "long": Words("six long texts", "六段长文本"),
}

TEXTS: Mapping[str, Texts] = {
    "zh": Texts(
        same="傍晚的风从河面吹过来，他合上书，慢慢走回了家。",
        sentences=(
            "请问去图书馆应该坐几路公交车？",
            "昨天夜里下了一场大雪，今天早晨路上特别滑。",
            "妈妈把洗好的苹果和葡萄放在桌子中间。",
            "等一等，你的雨伞还在我这里呢！",
            "经过三个月的讨论，双方终于签订了合作协议。",
            "如果觉得累，就先坐下来喝杯热茶吧。",
        ),
        long=(
            "小镇的清晨总是从一声鸡叫开始的。卖豆浆的老人推着车穿过石桥，木轮子咯吱咯吱地响。孩子们背着书包，一边走一"
            "边数河里的鸭子。太阳还没有完全升起来，屋顶上飘着淡淡的炊烟。",
            "很多人以为沙漠里什么都没有，其实并不是这样。白天躲在洞里的动物，到了晚上才出来寻找食物。有些植物的根可以"
            "伸到地下十几米的地方，靠着一点点水，就能活过漫长的夏天。",
            "各位旅客请注意，前往北方的列车马上就要开始检票了。请大家带好自己的行李，从二号口依次进站。乘车途中不要把"
            "头和手伸出窗外，照顾好身边的老人和孩子。祝您旅途愉快。",
            "她推开门，屋里静得出奇。墙上的钟早就停了，桌上落着一层灰。你在吗？她轻轻地问。没有人回答，只有窗帘动了一"
            "下。她站了很久，才发现自己手里还握着那封没有寄出的信。",
            "做这道菜并不难。先把豆腐切成小块，用盐水泡上一会儿。锅里放油，等油热了，把姜和蒜炒香，再倒入酱油和少量的"
            "糖。最后放进豆腐，用小火煮十分钟，撒上葱花就可以吃了。",
            "科学家用了二十多年的时间观察这群鸟。他们发现，每到秋天，最先起飞的往往不是最强壮的那一只，而是最熟悉道路"
            "的那一只。年轻的鸟跟在后面，一年一年地学会了怎样回家。",
        ),
    ),
    "en": Texts(
        same="An evening wind came over the river; he closed the book and walked slowly home.",
        sentences=(
            "Could you tell me which bus goes to the library?",
            "It snowed all night, and the roads were slippery this morning.",
            "Mother put the apples and the washed grapes on the table.",
            "Wait a moment, you have left your umbrella with me!",
            "After three months of talks, both sides have signed the agreement.",
            "If you feel tired, sit down first and have a cup of hot tea.",
        ),
        long=(
            "Morning in the village always began with the same cock. The old man who sold milk pushed"
            " his cart over the bridge, and its wooden wheels creaked. Children with bags on their "
            "backs counted the ducks in the water. The sun was hardly up, and a little smoke hung "
            "over the roofs.",
            "Many people think that nothing lives in the desert. That is quite wrong. Animals that "
            "hide in their holes during the day come out at night to look for food. The roots of some"
            " plants reach so deep that a few drops of water carry them through the whole summer.",
            "Your attention, please. The train to the north is now ready for boarding. Please take "
            "your luggage with you and use the second gate. Do not lean out of the windows while the "
            "train is moving, and look after the children and the elderly beside you. We wish you a "
            "pleasant journey.",
            "She pushed the door open, and it was strangely quiet inside. The clock on the wall had "
            "stopped long ago. Are you there? she asked softly. Nobody answered; only the curtain "
            "moved. She stood for a long time before she noticed that she was still holding the "
            "letter she had never sent.",
            "This dish is not difficult. Cut the cheese into small cubes and leave it in salt water "
            "for a while. Put oil into the pan, wait until it is hot, fry ginger and garlic, then add"
            " the sauce and a spoon of sugar. Let it cook for ten minutes over a low flame, and it is"
            " ready to be served.",
            "Scientists watched these birds for more than twenty years. Every autumn, they found, the"
            " first to rise was not the strongest one but the one that knew the way best. The young "
            "flew behind, and so, year after year, they learned how to find their way home.",
        ),
    ),
}
