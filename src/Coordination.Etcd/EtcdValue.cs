using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Coordination.Etcd;

/// <summary>
/// What is stored of a claim: <c>x1:ID:VALUE</c> for an exclusive one, <c>s1:ID:VALUE</c> for a shared one, <c>c1,LIMIT:ID:VALUE</c> for a counted one. The mode is the first byte, so that a
/// transaction can compare it; then comes the version of this format.
/// </summary>
/// <param name="Mode">How the claim shares the resource.</param>
/// <param name="Limit">The number of permits, of a counted claim; otherwise 1.</param>
/// <param name="Id">The claim's id, which has no colon.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct EtcdValue(ClaimMode Mode, int Limit, string Id, string Value)
{
    /// <summary>What all shared claims' stored values are greater than.</summary>
    public static ByteString BeforeShared { get; } = ByteString.CopyFromUtf8("s");

    /// <summary>What all shared claims' stored values are less than.</summary>
    public static ByteString AfterShared { get; } = ByteString.CopyFromUtf8("t");

    /// <summary>Writes it.</summary>
    /// <returns>The bytes.</returns>
    public ByteString Encode()
    {
        var head = Mode switch
        {
            ClaimMode.Exclusive => "x1:",
            ClaimMode.Shared => "s1:",
            _ => string.Create(CultureInfo.InvariantCulture, $"c1,{Limit}:"),
        };
        var bytes = new byte[head.Length + Encoding.UTF8.GetByteCount(Id) + 1 + Encoding.UTF8.GetByteCount(Value)];
        var at = Encoding.UTF8.GetBytes(head, bytes);
        at += Encoding.UTF8.GetBytes(Id, bytes.AsSpan(at));
        bytes[at++] = (byte)':';
        Encoding.UTF8.GetBytes(Value, bytes.AsSpan(at));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>Reads it.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="withValue">Whether the value is wanted; otherwise it is empty.</param>
    /// <returns>What they say. What cannot be read, such as a later version's, blocks everything behind it, and has no id.</returns>
    public static EtcdValue Decode(ByteString bytes, bool withValue)
    {
        var span = bytes.Span;
        var colon = span.IndexOf((byte)':');
        var length = span[(colon + 1)..].IndexOf((byte)':');
        if (colon < 2 || length < 0 || span[1] != (byte)'1')
        {
            return new EtcdValue(ClaimMode.Exclusive, 1, "", "");
        }

        var id = Encoding.UTF8.GetString(span.Slice(colon + 1, length));
        var value = withValue ? Encoding.UTF8.GetString(span[(colon + length + 2)..]) : "";
        return span[0] switch
        {
            (byte)'s' => new EtcdValue(ClaimMode.Shared, 1, id, value),
            (byte)'c' when colon > 3 && Utf8Parser.TryParse(span[3..colon], out int limit, out _) => new EtcdValue(ClaimMode.Counted, limit, id, value),
            _ => new EtcdValue(ClaimMode.Exclusive, 1, id, value),
        };
    }
}
