using System.Globalization;
using System.Text;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>What a server keeps under one name: a hash, or a sorted set.</summary>
internal sealed class SimulatedKey
{
    private readonly List<(double Score, byte[] Member)> _set;

    public SimulatedKey()
        : this(new(ByteStrings.Comparer), [])
    {
    }

    private SimulatedKey(Dictionary<byte[], byte[]> hash, List<(double, byte[])> set)
    {
        (Hash, _set) = (hash, set);
        Fields = hash.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public Dictionary<byte[], byte[]> Hash { get; }

    public Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> Fields { get; }

    /// <summary>In the order of scores, and of members where these are the same.</summary>
    public IReadOnlyList<(double Score, byte[] Member)> Set => _set;

    public long Expiry { get; set; } = long.MaxValue / 1000;

    public bool IsEmpty => Hash.Count == 0 && _set.Count == 0;

    public void Add(ReadOnlySpan<byte> score, ReadOnlySpan<byte> member)
    {
        Remove(member);
        var value = double.Parse(score, CultureInfo.InvariantCulture);
        var at = _set.Count;
        while (at > 0 && (_set[at - 1].Score, _set[at - 1].Member.AsSpan().SequenceCompareTo(member)).CompareTo((value, 0)) > 0)
        {
            at--;
        }

        _set.Insert(at, (value, member.ToArray()));
    }

    public bool Remove(ReadOnlySpan<byte> member)
    {
        for (var i = 0; i < _set.Count; i++)
        {
            if (member.SequenceEqual(_set[i].Member))
            {
                _set.RemoveAt(i);
                return true;
            }
        }

        return false;
    }

    public static byte[] Written(double score) => Encoding.ASCII.GetBytes(score.ToString("F0", CultureInfo.InvariantCulture));

    public string Contents() => string.Join(", ", Hash
        .Select(static field => $"{Encoding.Latin1.GetString(field.Key)}={Encoding.Latin1.GetString(field.Value)}")
        .Concat(_set.Select(static item => $"{Encoding.Latin1.GetString(item.Member)}@{item.Score:F0}"))
        .Order(StringComparer.Ordinal));

    // Strings are never changed, so that the copy may have the same.
    public SimulatedKey Copy() => new(new(Hash, ByteStrings.Comparer), [.. _set]) { Expiry = Expiry };
}
