using System.Globalization;

namespace Coordination.ZooKeeper;

/// <summary>
/// What the name of a claim's node says: <c>x-1-ID-0000000042</c> for an exclusive one, <c>s-1-ID-…</c> for a shared one, <c>c-LIMIT-ID-…</c> for a counted one. A listing of a queue
/// says by that alone who is granted.
/// </summary>
/// <param name="Mode">How the claim shares the resource.</param>
/// <param name="Limit">The number of permits, of a counted claim; otherwise 1.</param>
/// <param name="Id">The claim's id; empty when the name is of a kind that this version does not know.</param>
/// <param name="Sequence">Its place: the number that the server put behind the name.</param>
internal readonly record struct ZooKeeperClaimName(ClaimMode Mode, int Limit, string Id, int Sequence)
{
    private const int IdLength = 22;
    private const int SequenceLength = 10;

    /// <summary>
    /// Orders by place. The server counts in 32 bits and goes on with the smallest number after the largest, which a resource that is never idle for a minute reaches after two thousand million
    /// claims: what counts is who is ahead of whom within half of the circle.
    /// </summary>
    public static IComparer<int> ByPlace { get; } = Comparer<int>.Create(static (left, right) => unchecked(left - right));

    /// <summary>The name that a claim's node is asked for: the server puts the number behind it.</summary>
    /// <param name="mode">How the claim shares the resource.</param>
    /// <param name="limit">The number of permits.</param>
    /// <param name="id">The claim's id.</param>
    /// <returns>The name without its number.</returns>
    public static string Prefix(ClaimMode mode, int limit, string id) => mode switch
    {
        ClaimMode.Exclusive => $"x-1-{id}-",
        ClaimMode.Shared => $"s-1-{id}-",
        _ => string.Create(CultureInfo.InvariantCulture, $"c-{limit}-{id}-"),
    };

    /// <summary>Reads a name.</summary>
    /// <param name="name">The name of a child of a resource's node.</param>
    /// <param name="claim">What it says. What cannot be read but has a number, such as a later version's, blocks everything behind it, and has no id.</param>
    /// <returns><see langword="false"/> when it is no claim's.</returns>
    public static bool TryParse(string name, out ZooKeeperClaimName claim)
    {
        claim = default;

        // After the largest number the next is written with a sign and still ten digits or more.
        var id = IndexAfter(name, '-', 2);
        if (id > 0 && name.Length > id + IdLength && name[id + IdLength] == '-' &&
            TryParseSequence(name.AsSpan(id + IdLength + 1), out var sequence) &&
            int.TryParse(name.AsSpan(2, id - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 && name[1] == '-')
        {
            ClaimMode? mode = name[0] switch { 'x' => ClaimMode.Exclusive, 's' => ClaimMode.Shared, 'c' => ClaimMode.Counted, _ => null };
            claim = mode is null
                ? new ZooKeeperClaimName(ClaimMode.Exclusive, 1, "", sequence)
                : new ZooKeeperClaimName(mode.Value, limit, name.Substring(id, IdLength), sequence);
            return true;
        }

        if (name.Length > SequenceLength && TryParseSequence(name.AsSpan(name.Length - SequenceLength), out sequence))
        {
            claim = new ZooKeeperClaimName(ClaimMode.Exclusive, 1, "", sequence);
            return true;
        }

        return false;
    }

    /// <summary>Reads the name of a node that the servers gave to a claim of ours.</summary>
    public static ZooKeeperClaimName Parse(string name) =>
        TryParse(name, out var claim) ? claim : throw new InvalidDataException($"'{name}' is no name of a claim's node.");

    private static bool TryParseSequence(ReadOnlySpan<char> text, out int sequence)
    {
        sequence = 0;
        return text.Length is SequenceLength or SequenceLength + 1 &&
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out sequence);
    }

    private static int IndexAfter(string text, char separator, int count)
    {
        var index = 0;
        while (count-- > 0)
        {
            index = text.IndexOf(separator, index) + 1;
            if (index == 0)
            {
                return 0;
            }
        }

        return index;
    }
}
