using System.Buffers.Binary;

namespace Coordination.Etcd.Tests.Support;

/// <summary>What a server says on an HTTP/2 connection (RFC 9113, section 4.1).</summary>
internal static class Http2
{
    private const int HeaderLength = 9;
    private const byte Data = 0;
    private const byte Headers = 1;

    /// <summary>
    /// Whether a piece has frames of a reply, and not only those by which a server minds the connection: it acknowledges bytes, and measures the way, before it has
    /// looked at a request.
    /// </summary>
    public static bool HasReply(ReadOnlyMemory<byte> piece)
    {
        var rest = piece.Span;
        while (rest.Length >= HeaderLength)
        {
            if (rest[3] is Data or Headers)
            {
                return true;
            }

            var length = HeaderLength + (BinaryPrimitives.ReadInt32BigEndian(rest) >>> 8);
            rest = rest[Math.Min(length, rest.Length)..];
        }

        return false;
    }
}
