using System.Text;

namespace Coordination.Conformance;

/// <summary>Names that a backend must keep apart, and names that nobody may use.</summary>
public static class TestNames
{
    /// <summary>Groups of names of which no two are the same, however alike they look or are encoded. Prefixed, they are unique to a case.</summary>
    public static IReadOnlyList<string> Distinct { get; } =
    [
        "a/b", "a%2Fb", "a%2fb", "a%252Fb", "a\\b", "a//b", "/a/b", "a/b/", "a", "A", "a ", " a", "a  ", ".", "..", "../a", "./a",
        "{a}", "{a}b", "{a", "a}", "{}", "{{a}}", "}a{", "a:b", "a::b", "a;b", "a,b", "a|b", "a*b", "a?b", "a[b]", "a^b", "a'b", "a\"b", "a$b", "a#b",
        "a+b", "a b", "a%20b", "a=b", "a&b", "a~b", "a`b", "~0", "~1",
        "é", "e\u0301", // the same to the eye, but not the same text
        "ß", "ss", "SS", "ı", "i", "İ", "Å", "\u212B", "ｅ", "日本語", "日本", "🔒", "🔓", "👩‍👩‍👧", "\u200B", "\u202Ea", "\uFEFFa", "\u00A0a",
        "null", "0", "-1", "1e9", "true", "claims", "session", "queue", "token", "lock", "_", "-", "--",
    ];

    /// <summary>The longest name: 512 bytes of UTF-8.</summary>
    public static string Longest(string prefix) => prefix + new string('x', 512 - Encoding.UTF8.GetByteCount(prefix));

    /// <summary>A name of any Unicode but control characters. The same seed gives the same name.</summary>
    public static string Fuzzed(Random random)
    {
        var name = new StringBuilder();
        var length = random.Next(1, 40);
        while (length-- > 0)
        {
            var rune = random.Next(6) switch
            {
                0 => random.Next(0x20, 0x7F),
                1 => "{}/%\\:*?[]~#"[random.Next(12)],
                2 => random.Next(0xA0, 0x800),
                3 => random.Next(0x800, 0xD800),
                4 => random.Next(0xE000, 0x10000),
                _ => random.Next(0x10000, 0x110000),
            };
            name.Append(new Rune(rune));
        }

        return name.ToString();
    }
}
