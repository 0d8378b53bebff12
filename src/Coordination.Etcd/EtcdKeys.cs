using System.Buffers;
using System.Globalization;
using System.Text;
using Coordination.Backends;
using Google.Protobuf;

namespace Coordination.Etcd;

/// <summary>How names become keys. The only place that knows.</summary>
/// <remarks>
/// A claim on <c>invoice/42</c> is the key <c>coordination|invoice/42|ID</c>, so a resource's queue is the range of its prefix, and a person who looks
/// for it finds it. <c>%</c> and <c>|</c> in a name are written as in a URL: no name's range contains another's keys. The key <c>coordination||LEASE</c> belongs
/// to a session; no name is empty.
/// </remarks>
/// <param name="prefix">What they begin with.</param>
internal sealed class EtcdKeys(string prefix)
{
    private const byte Separator = (byte)'|';

    private static readonly SearchValues<char> Escaped = SearchValues.Create("%|");

    /// <summary>The range of a resource's claims.</summary>
    /// <param name="resource">Its name, as given by the user.</param>
    /// <returns>The range.</returns>
    public EtcdRange QueueOf(string resource)
    {
        var text = Text(resource);
        var key = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, key);
        key[^1] = Separator;
        var end = key.AsSpan().ToArray();
        end[^1]++;
        return new EtcdRange(UnsafeByteOperations.UnsafeWrap(key), UnsafeByteOperations.UnsafeWrap(end));
    }

    /// <summary>The key of a claim.</summary>
    /// <param name="claim">The claim.</param>
    /// <returns>The key.</returns>
    public ByteString Of(ClaimKey claim) => ByteString.CopyFromUtf8($"{Text(claim.Resource)}|{claim.Id}");

    /// <summary>The key of a session's epoch.</summary>
    /// <param name="lease">The session's lease.</param>
    /// <returns>The key.</returns>
    public ByteString EpochOf(long lease) => ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"{prefix}||{lease:x}"));

    private string Text(string resource)
    {
        if (resource.AsSpan().IndexOfAny(Escaped) >= 0)
        {
            resource = resource
                .Replace("%", "%25", StringComparison.Ordinal)
                .Replace("|", "%7C", StringComparison.Ordinal);
        }

        return $"{prefix}|{resource}";
    }
}

/// <summary>The keys from one up to, and without, another.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The end.</param>
internal readonly record struct EtcdRange(ByteString Start, ByteString End)
{
    /// <summary>The id of the claim that a key of this range is of.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The id.</returns>
    public string IdOf(ByteString key) => Encoding.UTF8.GetString(key.Span[Start.Length..]);
}
