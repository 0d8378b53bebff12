using System.Buffers.Binary;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>What a server says on a connection.</summary>
internal static class Frames
{
    // Length, number, transaction and error.
    private const int BareLength = 20;

    /// <summary>Whether a piece has the reply to a request, and not only the acknowledgements of pings and the events of watches, which have negative numbers.</summary>
    public static bool HasReply(ReadOnlyMemory<byte> piece) => Has(piece, isBare: false);

    /// <summary>Whether a piece has a reply that says that the request was done, and nothing else, as a deletion's does.</summary>
    public static bool HasBareReply(ReadOnlyMemory<byte> piece) => Has(piece, isBare: true);

    private static bool Has(ReadOnlyMemory<byte> piece, bool isBare)
    {
        var rest = piece.Span;
        while (rest.Length >= 8)
        {
            var length = 4 + BinaryPrimitives.ReadInt32BigEndian(rest);
            if (BinaryPrimitives.ReadInt32BigEndian(rest[4..]) > 0 &&
                (!isBare || (length == BareLength && rest.Length >= length && BinaryPrimitives.ReadInt32BigEndian(rest[16..]) == 0)))
            {
                return true;
            }

            rest = rest[Math.Min(length, rest.Length)..];
        }

        return false;
    }
}
