using System.Globalization;
using Coordination.Backends;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>What the masters say of a resource, put together.</summary>
/// <remarks>
/// Who holds, or waits, is in a majority. One that is in fewer may be if it is in masters that did not answer; these are waited for, as long as each has
/// time, only when that makes the difference. If they do not answer at all it is shown: it cannot be excluded, and a status is no lock.
/// </remarks>
internal sealed class RedlockInspection
{
    private const int Fields = 7;

    private readonly Dictionary<(string Id, int Attempt), Entry> _leases = [];
    private readonly Dictionary<string, Entry> _waiting = new(StringComparer.Ordinal);
    private long _kind = -1;

    private RedlockInspection(RedlockRound round)
    {
        for (var master = 0; master < round.Count; master++)
        {
            if (round.Reply(master) is { } reply)
            {
                Add(reply);
            }
        }
    }

    /// <summary>Whether what has come says who holds.</summary>
    /// <param name="round">The round.</param>
    /// <returns>Whether the rest can be done without.</returns>
    public static bool IsDecided(RedlockRound round)
    {
        if (round.CountOf(RedlockRound.State.Reply) < round.Quorum)
        {
            return false;
        }

        var pending = round.CountOfAwaited();
        var inspection = new RedlockInspection(round);
        return inspection._leases.Values.Concat(inspection._waiting.Values).All(entry => entry.Count >= round.Quorum || entry.Count + pending < round.Quorum);
    }

    /// <summary>The queue.</summary>
    /// <param name="round">The round, which is over.</param>
    /// <param name="holdersOnly">Whether to leave out who waits.</param>
    /// <returns>The queue.</returns>
    public static ResourceSnapshot ToSnapshot(RedlockRound round, bool holdersOnly)
    {
        var inspection = new RedlockInspection(round);
        var silent = round.Count - round.CountOf(RedlockRound.State.Reply);
        var holders = new List<Entry>();
        foreach (var entry in inspection._leases.Values.Where(entry => entry.Count + silent >= round.Quorum).OrderByDescending(static entry => entry.Count))
        {
            if (!holders.Any(other => inspection.Excludes(other, entry)))
            {
                holders.Add(entry);
            }
        }

        var held = holders.Select(static entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        var waiting = holdersOnly
            ? Enumerable.Empty<Entry>()
            : inspection._waiting.Values.Where(entry => entry.Count + silent >= round.Quorum && !held.Contains(entry.Id)).OrderBy(static entry => entry.Token).ThenBy(static entry => entry.Id, StringComparer.Ordinal);
        return new ResourceSnapshot(
            [.. holders.OrderBy(static entry => entry.Token).ThenBy(static entry => entry.Id, StringComparer.Ordinal).Select(entry => inspection.ToStatus(entry, isHeld: true))],
            [.. waiting.Select(entry => inspection.ToStatus(entry, isHeld: false))])
        {
            RecheckAfter = holders.Count == 0 ? null : TimeSpan.FromMilliseconds(holders.Min(entry => entry.Ends(round.Quorum)) + 1),
        };
    }

    private ClaimStatus ToStatus(Entry entry, bool isHeld) => new(
        entry.Id,
        _kind > 0 ? ClaimMode.Counted : entry.What == 0 ? ClaimMode.Exclusive : ClaimMode.Shared,
        entry.Value,
        isHeld ? new FencingToken(entry.Token) : null);

    private bool Excludes(Entry one, Entry other) => _kind > 0 ? one.What == other.What : one.What == 0 || other.What == 0;

    private void Add(RedisResult reply)
    {
        _kind = Math.Max(_kind, (long)reply[0]);
        for (var i = 1; i + Fields <= reply.Length; i += Fields)
        {
            var id = (string)reply[i]!;
            var attempt = (int)reply[i + 1];
            Entry? entry;
            if (attempt == 0)
            {
                if (!_waiting.TryGetValue(id, out entry))
                {
                    _waiting[id] = entry = new Entry(id);
                }
            }
            else if (!_leases.TryGetValue((id, attempt), out entry))
            {
                _leases[(id, attempt)] = entry = new Entry(id);
            }

            entry.Add(reply, i);
        }
    }

    private sealed class Entry(string id)
    {
        private readonly List<long> _left = [];
        private long _version = -1;

        public string Id { get; } = id;

        public long What { get; private set; }

        public long Token { get; private set; }

        public string Value { get; private set; } = "";

        public int Count => _left.Count;

        public void Add(RedisResult reply, int at)
        {
            What = (long)reply[at + 2];
            Token = Math.Max(Token, (long)reply[at + 3]); // Of tickets the last is the right one.
            _left.Add(long.Parse((string)reply[at + 5]!, CultureInfo.InvariantCulture));
            if ((long)reply[at + 4] > _version)
            {
                _version = (long)reply[at + 4];
                Value = (string)reply[at + 6]!;
            }
        }

        // When fewer than a majority have it.
        public long Ends(int quorum)
        {
            var left = _left.OrderDescending().ToArray();
            return Math.Max(left[Math.Min(quorum, left.Length) - 1], 0);
        }
    }
}
