using System.Buffers.Text;
using System.Security.Cryptography;

namespace Coordination.Leases;

/// <summary>Makes claim ids: 128 random bits as 22 characters that need no escaping in any store.</summary>
internal static class ClaimId
{
    public static string New() => string.Create(22, 0, static (span, _) =>
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        Base64Url.EncodeToChars(random, span);
    });
}
