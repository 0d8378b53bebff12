using System.Text;

namespace Coordination.ZooKeeper;

/// <summary>
/// The data of a claim's node: <c>1:TAKER:VALUE</c>. First comes the version of this format, then who has taken the claim over from the process that entered it, which only one can write.
/// </summary>
/// <param name="Taker">A word without a colon that the taker chose; empty while nobody has taken the claim over.</param>
/// <param name="Value">The claim's value.</param>
internal readonly record struct ZooKeeperValue(string Taker, string Value)
{
    /// <summary>Writes it.</summary>
    /// <returns>The bytes.</returns>
    public byte[] Encode()
    {
        var bytes = new byte[3 + Encoding.UTF8.GetByteCount(Taker) + Encoding.UTF8.GetByteCount(Value)];
        bytes[0] = (byte)'1';
        bytes[1] = (byte)':';
        var at = 2 + Encoding.UTF8.GetBytes(Taker, bytes.AsSpan(2));
        bytes[at++] = (byte)':';
        Encoding.UTF8.GetBytes(Value, bytes.AsSpan(at));
        return bytes;
    }

    /// <summary>Reads it.</summary>
    /// <param name="data">The bytes.</param>
    /// <returns>What they say; nothing when they are of a kind that this version does not know.</returns>
    public static ZooKeeperValue Decode(ReadOnlySpan<byte> data)
    {
        if (!data.StartsWith("1:"u8) || data[2..].IndexOf((byte)':') is var length && length < 0)
        {
            return new ZooKeeperValue("", "");
        }

        return new ZooKeeperValue(Encoding.UTF8.GetString(data.Slice(2, length)), Encoding.UTF8.GetString(data[(length + 3)..]));
    }
}
